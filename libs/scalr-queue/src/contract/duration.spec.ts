import * as fc from 'fast-check';
import { parseDuration } from './duration.js';

describe('parseDuration', () => {
  it.each<[unknown, number]>([
    [0, 0],
    [1_500, 1_500],
    ['250ms', 250],
    ['5m', 300_000],
    ['24h', 86_400_000],
    ['1 day', 86_400_000],
    ['2 hours', 7_200_000],
    ['1.5s', 1_500],
    ['-5m', -300_000],
    ['1y', 31_557_600_000],
    ['0.5ms', 0.5],
  ])('reads %j as %d ms', (value, expected) => expect(parseDuration(value)).toBe(expected));

  it.each([
    'soon',
    '',
    '5000',
    '5 parsecs',
    's',
    '1h30m',
    `${'1'.repeat(40)}s`,
    Number.NaN,
    Infinity,
    -Infinity,
    null,
    undefined,
    {},
    [],
    ['5m'],
    true,
    5n,
    Symbol('5m'),
    () => '5m',
  ])('does not take %o for a duration', (value) => expect(parseDuration(value)).toBeUndefined());

  it('gives whole milliseconds for every number of seconds with three decimals', () => {
    fc.assert(
      fc.property(fc.nat(100_000_000), (ms) => {
        expect(parseDuration(`${(ms / 1_000).toFixed(3)}s`)).toBe(ms);
      }),
    );
    expect(parseDuration('1.005s')).toBe(1_005);
  });
});
