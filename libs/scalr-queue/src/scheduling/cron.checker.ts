import type { OptionChecker } from '../contract/option-checker.js';
import { CRON_FIELDS, CronError, expandNickname, toPlainField } from './cron.fields.js';
import { CronTimetable } from './cron.timetable.js';
import { TimeZone } from './time-zone.js';

const MAX_LENGTH = 256;
const DEFAULT_ZONE = 'UTC';

/** An expression as it was written, and as the parser of every version of the library takes it. */
export interface CheckedCron {
  readonly cron: string;
  /** Absent where both are the same. */
  readonly written?: string;
}

/** The parser itself takes too few fields, and an `H` that each process reads differently; what it refuses it explains badly. */
export function checkCron(
  check: OptionChecker,
  field: string,
  value: unknown,
  seconds: boolean,
): CheckedCron {
  const fields = CRON_FIELDS.slice(seconds ? 0 : 1);
  const expected = `a cron expression of ${fields.length} fields (${fields.map(({ name }) => name).join(', ')})`;
  if (typeof value !== 'string' || value.length > MAX_LENGTH) return check.fail(field, expected, value);
  const written = value.trim().split(/\s+/).join(' ');
  const parts = (seconds ? written : expandNickname(written)).split(' ');
  if (parts.length !== fields.length || parts[0] === '') {
    const hint = !seconds && parts.length === 6 ? '; a sixth, the seconds, needs seconds: true' : '';
    return check.fail(field, expected + hint, value);
  }
  if (parts.some((part) => /h/i.test(part.replaceAll(/thu/gi, ''))))
    check.fail(field, `${expected}, without H`, value);
  try {
    const cron = parts.map((part, index) => toPlainField(fields[index]!, part)).join(' ');
    new CronTimetable(cron, seconds).next(0);
    // Upper and lower case are the same to everybody.
    return cron === written.toUpperCase() ? { cron: written } : { cron, written };
  } catch (error) {
    if (error instanceof CronError) return check.fail(field, `${expected}, ${error.message}`, value);
    const impossible = /explicit day of month/.test(String(error));
    const why = impossible ? 'with a day that its months have' : `(${messageOf(error)})`;
    return check.fail(field, `${expected}, ${why}`, value);
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

function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/^Constraint error, /, '');
}
