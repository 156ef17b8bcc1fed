import { checkListOptions, toCursor, withPage } from './job-list.options.js';

const ALL = ['running', 'waiting', 'delayed', 'dead', 'completed'];
const cursorOf = (content: unknown) => Buffer.from(JSON.stringify(content)).toString('base64url');

it('takes all states and fifty jobs unless it is told otherwise', () => {
  const nothing = { queue: undefined, name: undefined, after: undefined };
  expect(checkListOptions({})).toEqual({ ...nothing, states: ALL, limit: 50 });
  const given = { state: 'dead', queue: 'mail', name: 'send', limit: 1_000 };
  expect(checkListOptions(given)).toEqual({
    states: ['dead'],
    queue: 'mail',
    name: 'send',
    limit: 1_000,
    after: undefined,
  });
  expect(checkListOptions({ limit: 1 }).limit).toBe(1);
});

it.each([
  [{ state: 'asleep' }, 'state'],
  [{ queue: 'a b:' }, 'queue'],
  [{ name: '' }, 'name'],
  [{ limit: 0 }, 'limit'],
  [{ limit: 1_001 }, 'limit'],
  [{ limit: 1.5 }, 'limit'],
  [{ limits: 5 }, 'limits'],
  [7, 'the options of list'],
])('refuses %o and names what is wrong', (options, named) => {
  expect(() => checkListOptions(options)).toThrow(named);
});

it('goes on at a cursor of its own, and at no other', () => {
  const position = { state: 'waiting', offsets: { 'mail wait': 0, 'pdf wait': 12 } } as const;
  expect(checkListOptions({ cursor: toCursor(position) }).after).toEqual(position);
  const wrong = [
    7,
    '',
    'x',
    cursorOf(['asleep', {}]),
    cursorOf(['waiting']),
    cursorOf(['waiting', { 'mail wait': -1 }]),
    cursorOf(['waiting', { 'mail wait': 1.5 }]),
    cursorOf(['waiting', { 'mail wait': 'x' }]),
    cursorOf({}),
  ];
  for (const cursor of wrong)
    expect(() => checkListOptions({ cursor })).toThrow(
      'expected cursor to be one that an earlier call returned',
    );
});

it('takes the limit and the cursor in a second argument, but not in both', () => {
  const filter = { queue: 'mail', limit: 5 };
  expect(withPage(filter, {})).toBe(filter);
  expect(withPage(filter, { limit: undefined })).toBe(filter);
  expect(withPage({ queue: 'mail' }, { limit: 7, cursor: 'c' })).toEqual({
    queue: 'mail',
    limit: 7,
    cursor: 'c',
  });
  expect(withPage({ limit: 5 }, { cursor: 'c' })).toEqual({ limit: 5, cursor: 'c' });
  expect(() => withPage({ limit: 5 }, { limit: 7 })).toThrow('limit is given twice: leave it out of one');
  expect(() => withPage({}, { state: 'dead' } as never)).toThrow('state');
  expect(() => withPage({ nope: 1 } as never, { limit: 7 })).toThrow('nope');
});
