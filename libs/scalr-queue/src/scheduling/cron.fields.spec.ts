import { CRON_FIELDS, toPlainField } from './cron.fields.js';
import { CronTimetable } from './cron.timetable.js';

const field = (name: string) => CRON_FIELDS.find((one) => one.name === name)!;

describe('a field that other crons take', () => {
  it.each([
    ['minute', '*/5,*/20', '0,5,10,15,20,25,30,35,40,45,50,55'],
    ['minute', '*/20,*/30', '0,20,30,40'],
    ['minute', '*,5', '*'],
    ['minute', '5/20,1,1', '1,5,25,45'],
    ['hour', '22-2', '0,1,2,22,23'],
    ['month', 'JAN-MAR,feb', '1,2,3'],
    ['month', 'NOV-FEB', '1,2,11,12'],
    ['day of the month', '1-5,3,L', '1,2,3,4,5,L'],
    ['day of the week', 'FRI-SUN', '0,5,6'],
    ['day of the week', 'fri-sun/2', '0,5'],
    ['day of the week', '5-7,1', '0,1,5,6'],
    ['day of the week', 'MON-FRI,5', '1,2,3,4,5'],
    ['day of the week', '0-7,3', '0,1,2,3,4,5,6'],
  ])('is put so that every version reads it: %s %s', (name, text, expected) => {
    expect(toPlainField(field(name), text)).toBe(expected);
    const parts = CRON_FIELDS.slice(1).map((one) => (one.name === name ? expected : '*'));
    expect(() => new CronTimetable(parts.join(' '), false).next(0)).not.toThrow();
  });

  it.each(['*', '?', '*/5', '1-5', '5-7', '7', '1#2', 'MON#2', '5L', 'FRIL', '1-5/2'])(
    'stays as it is where that is not needed: %s',
    (text) => expect(toPlainField(field('day of the week'), text)).toBe(text),
  );
});
