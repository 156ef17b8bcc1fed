import ms, { type StringValue } from 'ms';

type Unit = 'ms' | 's' | 'm' | 'h' | 'd' | 'w' | 'y' | 'sec' | 'min' | 'hour' | 'hours' | 'day' | 'days';

/**
 * A length of time: a number of milliseconds, or a string of the `ms` package with its unit,
 * such as `'250ms'`, `'5m'` or `'24h'`.
 */
export type Duration = number | `${number}${Unit}` | `${number} ${Unit}`;

/** Milliseconds of a duration; `undefined` when the value is not one (a bare number in a string is not). */
export function parseDuration(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'string' || value.length > 32 || !/[a-z]$/i.test(value)) return undefined;
  const parsed: unknown = ms(value as StringValue);
  if (typeof parsed !== 'number' || !Number.isFinite(parsed)) return undefined;
  // '1.005s' is 1004.9999999999999 in floating point.
  const whole = Math.round(parsed);
  return Math.abs(parsed - whole) < 1e-4 ? whole : parsed;
}
