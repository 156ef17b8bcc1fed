import { duration, moment, wholeNumber } from './arguments.js';

it.each([
  ['10m', 600_000],
  ['250ms', 250],
  ['1500', 1_500],
  ['0', 0],
])('reads the duration %s', (text, ms) => {
  expect(duration(text)).toBe(ms);
});

it.each(['', 'soon', '-1m', '-5', '1e3x'])('refuses the duration %j', (text) => {
  expect(() => duration(text)).toThrow("Expected a duration like '10m'.");
});

it('reads whole numbers only', () => {
  expect([wholeNumber('0'), wholeNumber('20'), wholeNumber('999999999999999')]).toEqual([
    0, 20, 999_999_999_999_999,
  ]);
  for (const odd of ['', '-1', '1.5', '1e3', '20x', ' 20', '1000000000000000', '0x10'])
    expect(() => wholeNumber(odd)).toThrow('Expected a whole number.');
});

it('reads a moment as a date, or as how long ago it was', () => {
  expect(moment('2026-05-01T10:00Z')).toEqual(new Date('2026-05-01T10:00:00Z'));
  const before = Date.now();
  const ago = Date.now() - moment('2h').getTime();
  expect(ago).toBeGreaterThanOrEqual(2 * 3_600_000 - 1);
  expect(ago).toBeLessThanOrEqual(2 * 3_600_000 + Date.now() - before);
  expect(() => moment('yesterday')).toThrow('Expected a date like');
});
