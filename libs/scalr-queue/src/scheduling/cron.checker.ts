import type { OptionChecker } from '../options/option-checker.js';
import { CronTimetable } from './cron.timetable.js';
import { TimeZone } from './time-zone.js';

/** The fields, and how many values each can have: a longer step can only be a mistake. */
const FIELDS: readonly (readonly [name: string, size: number])[] = [
  ['second', 60],
  ['minute', 60],
  ['hour', 24],
  ['day of the month', 31],
  ['month', 12],
  ['day of the week', 7],
];
const MAX_LENGTH = 256;
const DEFAULT_ZONE = 'UTC';

/** The expression with single spaces. The parser itself takes too few fields, and an `H` that each process reads differently. */
export function checkCron(check: OptionChecker, field: string, value: unknown, seconds: boolean): string {
  const fields = FIELDS.slice(seconds ? 0 : 1);
  const expected = `a cron expression of ${fields.length} fields (${fields.map(([name]) => name).join(', ')})`;
  if (typeof value !== 'string' || value.length > MAX_LENGTH) return check.fail(field, expected, value);
  const parts = value.trim().split(/\s+/);
  if (parts.length !== fields.length || parts[0] === '') {
    const hint = !seconds && parts.length === 6 ? '; a sixth, the seconds, needs seconds: true' : '';
    return check.fail(field, expected + hint, value);
  }
  for (const [index, part] of parts.entries()) {
    const [name, size] = fields[index]!;
    const step = Math.max(...[...part.matchAll(/\/(\d+)/g)].map(([, digits]) => Number(digits)));
    if (step > size) check.fail(field, `${expected}, with steps of at most ${size} for the ${name}`, value);
    if (/h/i.test(part.replaceAll(/thu/gi, ''))) check.fail(field, `${expected}, without H`, value);
  }
  const cron = parts.join(' ');
  try {
    new CronTimetable(cron, seconds).next(0);
    return cron;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return check.fail(field, `${expected} (${why.replace(/^Constraint error, /, '')})`, value);
  }
}

export function checkZone(check: OptionChecker, field: string, value: unknown): string {
  if (value === undefined) return DEFAULT_ZONE;
  const expected = 'an IANA time zone such as "Europe/Madrid"';
  if (typeof value !== 'string' || value === '') return check.fail(field, expected, value);
  try {
    void new TimeZone(value);
    return value;
  } catch {
    return check.fail(field, expected, value);
  }
}
