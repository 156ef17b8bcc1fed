import { DATA_MISSING, errorOfFault, faultOf, faultOfOptions, unreadable } from './stored-fault.js';

const MOST = Number.MAX_SAFE_INTEGER;
const sound = { name: 'mail', data: '{}' };
const withOptions = (opts: object) => faultOf({ ...sound, opts: JSON.stringify(opts) })?.message;

const NUMBERS = ['timestamp', 'delay', 'priority', 'ats', 'atm', 'attemptsMade', 'stc', 'processedOn'];
const OPTION_NUMBERS = ['attempts', 'delay', 'priority', 'kl', 'stackTraceLimit'];
const META_NUMBERS = ['expiresAt', 'timeout', 'scheduledFor'];

describe('a stored job', () => {
  it('can be run as the engine writes it', () => {
    expect(faultOf(sound)).toBeUndefined();
    expect(faultOf({ ...sound, opts: '', progress: '', parent: '' })).toBeUndefined();
    expect(
      faultOf({
        ...sound,
        opts: JSON.stringify({
          attempts: 5,
          delay: 0,
          removeOnComplete: { age: 60, count: 3 },
          removeOnFail: true,
          de: { id: 'mail~x' },
          scalr: { timeout: 1_000, retry: { attempts: 2 }, slot: { schedule: 'daily' } },
        }),
        timestamp: '1764200000000.5',
        atm: '0',
        stc: '-1',
        progress: '0',
        parent: '{"id":"1"}',
      }),
    ).toBeUndefined();
  });

  it.each(['name', 'data'])('cannot without its %s', (field) => {
    expect(faultOf({ ...sound, [field]: undefined as never })).toBe(DATA_MISSING);
  });

  it.each([...NUMBERS, 'finishedOn'])('cannot with a %s that is no number in range', (field) => {
    const told = (text: string) => faultOf({ ...sound, [field]: text });
    for (const text of [`${MOST}`, `-${MOST}`]) expect(told(text)).toBeUndefined();
    for (const text of ['soon', '1e300', `${MOST + 1}`])
      expect(told(text)).toEqual(unreadable(`${field} is not a number in range`));
  });

  it.each(['progress', 'parent'])('cannot with a %s that is no JSON', (field) => {
    expect(faultOf({ ...sound, [field]: '{"half":' })).toEqual(unreadable(`${field} is not JSON`));
    expect(faultOf({ ...sound, [field]: 'null' })).toBeUndefined();
  });
});

describe('the options of a stored job', () => {
  it('may be missing', () => {
    expect(faultOfOptions(undefined)).toBeUndefined();
    expect(faultOfOptions('')).toBeUndefined();
  });

  it.each([
    ['{', 'opts is not JSON'],
    ['null', 'opts is not an object'],
    ['[]', 'opts is not an object'],
    ['7', 'opts is not an object'],
    ['"text"', 'opts is not an object'],
    ['true', 'opts is not an object'],
  ])('cannot be %s', (text, message) => {
    expect(faultOfOptions(text)).toEqual(unreadable(message));
  });

  it.each(OPTION_NUMBERS)('cannot hold a %s that is no number in range', (option) => {
    expect(withOptions({ [option]: MOST })).toBeUndefined();
    for (const wrong of ['7', null, MOST + 1, true, {}])
      expect(withOptions({ [option]: wrong })).toBe(`opts.${option} is not a number in range`);
  });

  it.each(['removeOnComplete', 'removeOnFail'])('cannot hold a %s that is no limit', (option) => {
    for (const right of [true, false, 0, 5, {}, { age: 3 }, { age: 3, count: MOST }])
      expect(withOptions({ [option]: right })).toBeUndefined();
    for (const wrong of ['5', null, [], MOST + 1, { age: '3' }, { age: 3, count: null }])
      expect(withOptions({ [option]: wrong })).toBe(`opts.${option} is not a limit`);
  });

  it.each(['de', 'scalr'])('cannot hold a %s that is no object', (option) => {
    expect(withOptions({ [option]: {} })).toBeUndefined();
    for (const wrong of ['x', 7, null, [], true])
      expect(withOptions({ [option]: wrong })).toBe(`opts.${option} is not an object`);
  });

  it.each(META_NUMBERS)('cannot hold a scalr.%s that is no number in range', (field) => {
    expect(withOptions({ scalr: { [field]: MOST } })).toBeUndefined();
    for (const wrong of ['7', null, -MOST - 1])
      expect(withOptions({ scalr: { [field]: wrong } })).toBe(`opts.scalr.${field} is not a number in range`);
  });

  it.each(['retry', 'slot'])('cannot hold a scalr.%s that is no object', (field) => {
    expect(withOptions({ scalr: { [field]: {} } })).toBeUndefined();
    for (const wrong of ['x', 7, null, []])
      expect(withOptions({ scalr: { [field]: wrong } })).toBe(`opts.scalr.${field} is not an object`);
  });
});

it('is told as an error with a name, a code, and no stack of ours', () => {
  expect(errorOfFault(DATA_MISSING)).toMatchObject({
    name: 'JobDataMissingError',
    code: 'JOB_DATA_MISSING',
    message: DATA_MISSING.message,
    stack: `JobDataMissingError: ${DATA_MISSING.message}`,
  });
  expect(errorOfFault(unreadable('opts is not JSON'))).toMatchObject({
    name: 'JobUnreadableError',
    code: 'JOB_UNREADABLE',
    stack: 'JobUnreadableError: opts is not JSON',
  });
});
