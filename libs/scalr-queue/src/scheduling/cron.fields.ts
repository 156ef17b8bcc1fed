/** A field of a cron expression: what its values can be. */
export interface CronField {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

export const CRON_FIELDS: readonly CronField[] = [
  { name: 'second', min: 0, max: 59 },
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day of the month', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12, names: MONTHS },
  { name: 'day of the week', min: 0, max: 6, names: DAYS },
];

const NICKNAMES: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/** What is wrong with an expression, to be completed to "expected a cron expression of 5 fields (…), …". */
export class CronError extends Error {}

/** The five fields that a nickname such as `@daily` stands for; any other expression as it is. */
export function expandNickname(cron: string): string {
  return NICKNAMES[cron.toLowerCase()] ?? cron;
}

/**
 * A field as every version of the parser takes it: lists without the values that they name twice, ranges that go over the
 * end (`FRI-SUN`, `22-2`) as lists.
 * @throws CronError
 */
export function toPlainField(field: CronField, text: string): string {
  const items = text.toUpperCase().split(',');
  const special = items.filter((item) => checkSpecial(field, item, items.length));
  const plain = items.filter((item) => !special.includes(item)).map((item) => valuesOf(field, item));
  if (items.length === 1 && !plain[0]?.wraps) return text.toUpperCase();
  if (items.some((item) => /^[*?](\/1)?$/.test(item))) return '*';
  const values = new Set(plain.flatMap((item) => item.values));
  return [...[...values].toSorted((a, b) => a - b), ...new Set(special)].join(',');
}

/** Whether an item is one of the forms for the end of a month or the n-th weekday. */
function checkSpecial(field: CronField, item: string, items: number): boolean {
  const isDay = field.name.startsWith('day');
  const ofWeek = field.name === 'day of the week';
  if (isDay && /^(\d+W|LW|WL)$/.test(item)) {
    throw new CronError(
      'without W (the nearest weekday): run on the days around it, and return from the handler on the others',
    );
  }
  if (isDay && /^L-\d+$/.test(item)) {
    throw new CronError('without L-n (days before the end of the month): L alone is the last day');
  }
  if (!ofWeek) return isDay && item === 'L';
  if (item === 'L')
    throw new CronError('with the day before L in the day of the week: 5L is the last Friday');
  if (item.includes('#')) {
    const [, day = '', nth] = /^(\w+)#([1-5])$/.exec(item) ?? [];
    if (nth === undefined) throw new CronError('with # as in 1#2, the second Monday: the number is 1 to 5');
    valueOf(field, day);
    if (items > 1)
      throw new CronError(
        'with one # and nothing beside it: give the method a second @Scheduled for the other',
      );
    return true;
  }
  const last = /^(\d|[A-Z]{3})L$/.exec(item);
  if (last) valueOf(field, last[1]!);
  return last !== null;
}

function valuesOf(field: CronField, item: string): { values: number[]; wraps: boolean } {
  const { name, min, max } = field;
  const [, base = '', digits = '1'] = /^([^/]+)(?:\/(\d+))?$/.exec(item) ?? [];
  const step = Number(digits);
  const size = max - min + 1;
  if (step === 0 || step > size) throw new CronError(`with steps of 1 to ${size} for the ${name}`);
  const [first, second, ...more] =
    base === '*' || base === '?' ? [String(min), String(max)] : base.split('-');
  if (more.length > 0) throw unreadable(field, item);
  const from = valueOf(field, first ?? '', item);
  const single = item.includes('/') ? max : from;
  let to = second === undefined ? single : valueOf(field, second, item);
  // Both 0 and 7 are Sunday.
  if (second === '7' && to === 0) to = 7;
  const wraps = to < from;
  const end = to < from ? to + size : to;
  const values: number[] = [];
  for (let value = from; value <= end; value += step) values.push(((value - min) % size) + min);
  return { values, wraps };
}

function valueOf(field: CronField, text: string, item = text): number {
  const { min, max, names } = field;
  const named = names?.indexOf(text) ?? -1;
  if (named >= 0) return named + min;
  if (!/^\d{1,2}$/.test(text)) throw unreadable(field, item);
  const value = Number(text);
  if (names === DAYS && value === 7) return 0;
  if (value < min || value > max)
    throw new CronError(`with ${min} to ${names === DAYS ? 7 : max} for the ${field.name}`);
  return value;
}

function unreadable({ name, names }: CronField, item: string): CronError {
  const or = names ? `, names such as ${names[1]}` : '';
  return new CronError(
    `with numbers${or}, ranges, lists, * and / for the ${name}, and not "${item.slice(0, 20)}"`,
  );
}
