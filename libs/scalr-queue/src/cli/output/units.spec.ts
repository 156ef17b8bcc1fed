import { formatBytes, formatDuration, formatMoment, formatTime } from './units.js';

it.each([
  [-5, '0ms'],
  [0, '0ms'],
  [12.4, '12ms'],
  [999, '999ms'],
  [1_000, '1s'],
  [1_999, '1s'],
  [59_999, '59s'],
  [60_000, '1m'],
  [61_000, '1m 1s'],
  [119_999, '1m 59s'],
  [3_599_000, '59m 59s'],
  [3_600_000, '1h'],
  [3_661_000, '1h 1m'],
  [86_399_000, '23h 59m'],
  [86_400_000, '1d'],
  [90_061_000, '1d 1h'],
  [10 * 86_400_000, '10d'],
])('calls %d ms %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

it.each([
  [65_000, 5_000, 'in 1m'],
  [5_000, 65_000, '1m ago'],
  [6_000, 5_000, 'in 1s'],
  [5_000, 6_000, '1s ago'],
  [5_999, 5_000, 'now'],
  [5_000, 5_999, 'now'],
])('tells of %d at %d that it is %s', (at, now, text) => {
  expect(formatMoment(new Date(at), now)).toBe(text);
  expect(formatTime(new Date(at), now)).toBe(`${new Date(at).toISOString()} (${text})`);
});

it('tells how far away a moment is from the present unless it is told another one', () => {
  expect(formatMoment(new Date(Date.now() - 90 * 60_000))).toMatch(/^1h (?:29|30)m ago$/);
  expect(formatTime(new Date(Date.now() + 3_630_000))).toMatch(/Z \(in 1h\)$/);
});

it.each([
  [0, '0 B'],
  [1, '1 B'],
  [1_023, '1023 B'],
  [1_024, '1.0 KiB'],
  [1_536, '1.5 KiB'],
  [1_024 ** 2, '1.0 MiB'],
  [1_024 ** 3, '1.0 GiB'],
  [2.5 * 1_024 ** 4, '2.5 TiB'],
  [2_048 * 1_024 ** 4, '2048.0 TiB'],
])('calls %d bytes %s', (count, text) => {
  expect(formatBytes(count)).toBe(text);
});
