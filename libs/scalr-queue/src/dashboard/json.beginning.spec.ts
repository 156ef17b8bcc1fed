import { completeJson } from './json.beginning.js';

const value = {
  a: 'text with "quotes" and \\ é \u0001',
  list: [1, -2.5e3, true, null, { deep: ['x', {}] }, []],
  'a name': 'two words',
  last: false,
};

it.each([JSON.stringify(value), JSON.stringify(value, undefined, 2), '"words and words"', '[[[[1]]]]'])(
  'completes every beginning of %s',
  (text) => {
    for (let end = 1; end < text.length; end++) {
      const completed = completeJson(text.slice(0, end)) || 'null';
      expect(() => JSON.parse(completed) as unknown).not.toThrow();
    }
    expect(JSON.parse(completeJson(text))).toEqual(JSON.parse(text));
  },
);

it('leaves out the last word of a string, which may be half of a secret', () => {
  expect(completeJson('{"a":"see ghp_0123')).toBe('{"a":"see "}');
  expect(completeJson('{"a":1,"pass')).toBe('{"a":1}');
  expect(completeJson('{"a":1,"password":12')).toBe('{"a":1}');
  const long = completeJson(`"${'x'.repeat(10_000)}`);
  expect(long.length).toBeGreaterThan(5_000);
});

it('leaves what is no JSON as it is: none', () => {
  for (const text of ['{a', '}{', 'nonsense', '{"a":tru'])
    expect(() => {
      const completed = completeJson(text);
      if (completed !== '' && completed !== '{}') JSON.parse(completed);
      else throw new SyntaxError('empty');
    }).toThrow(SyntaxError);
});
