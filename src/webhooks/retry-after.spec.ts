import { retryAfterMs } from './retry-after.js';

const NOW = Date.parse('2026-03-01T12:00:00Z');

it.each([
  ['seconds', '120', 120_000],
  ['a date', 'Sun, 01 Mar 2026 12:01:30 GMT', 90_000],
  ['no time at all', '0', 1_000],
  ['a date in the past', 'Sun, 01 Mar 2026 11:00:00 GMT', 1_000],
  ['years', '999999999999999', 86_400_000],
  ['nonsense', 'soon', undefined],
  ['nothing', '', undefined],
  ['no header', null, undefined],
])('understands %s', (_, header, expected) => {
  expect(retryAfterMs(header, NOW)).toBe(expected);
});
