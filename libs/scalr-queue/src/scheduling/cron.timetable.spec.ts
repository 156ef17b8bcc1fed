import fc from 'fast-check';
import { CronTimetable } from './cron.timetable.js';

const NEW_YORK = 'America/New_York';
const LORD_HOWE = 'Australia/Lord_Howe';

/** The slots after an instant, as ISO texts without seconds. */
function slots(cron: string, zone: string, from: string, count: number): string[] {
  const timetable = new CronTimetable(cron, false, zone);
  let at = Date.parse(from);
  return Array.from({ length: count }, () => {
    at = timetable.next(at);
    return new Date(at).toISOString().slice(0, 16);
  });
}

describe('the slots of a cron expression', () => {
  it('follow the clock of the zone', () => {
    expect(slots('0 3 * * *', 'Europe/Madrid', '2026-07-01T00:00Z', 2)).toEqual([
      '2026-07-01T01:00',
      '2026-07-02T01:00',
    ]);
    expect(slots('30 9 * * 1-5', 'Asia/Kolkata', '2026-07-03T05:00Z', 2)).toEqual([
      '2026-07-06T04:00',
      '2026-07-07T04:00',
    ]);
  });

  it('are met by either day field where both are given, as cron has it', () => {
    expect(slots('0 0 13 * 5', 'UTC', '2026-03-11T00:00Z', 3)).toEqual([
      '2026-03-13T00:00',
      '2026-03-20T00:00',
      '2026-03-27T00:00',
    ]);
    expect(slots('0 0 13 * 5', 'UTC', '2026-04-11T00:00Z', 2)).toEqual([
      '2026-04-13T00:00',
      '2026-04-17T00:00',
    ]);
  });

  it('can have seconds', () => {
    const timetable = new CronTimetable('*/15 * * * * *', true);
    expect(timetable.next(Date.parse('2026-01-01T00:00:14.999Z'))).toBe(Date.parse('2026-01-01T00:00:15Z'));
    expect(timetable.next(Date.parse('2026-01-01T00:00:15Z'))).toBe(Date.parse('2026-01-01T00:00:30Z'));
  });
});

describe('when the clock is put forward', () => {
  it.each([
    ['a time that is left out is put off by the gap', '30 2 * * *', ['2026-03-08T07:30', '2026-03-09T06:30']],
    [
      'two that fall together are one',
      '0,30 2,3 * * *',
      ['2026-03-08T07:00', '2026-03-08T07:30', '2026-03-09T06:00'],
    ],
    [
      'every half hour goes on by real time',
      '*/30 * * * *',
      ['2026-03-08T05:30', '2026-03-08T06:00', '2026-03-08T06:30', '2026-03-08T07:00', '2026-03-08T07:30'],
    ],
    [
      'every hour goes on by real time',
      '0 * * * *',
      ['2026-03-08T06:00', '2026-03-08T07:00', '2026-03-08T08:00'],
    ],
  ])('in New York, %s', (_what, cron, expected) => {
    expect(slots(cron, NEW_YORK, '2026-03-08T05:00Z', expected.length)).toEqual(expected);
  });

  it.each([
    [
      'a time that is left out is put off by the half hour',
      '15 2 * * *',
      ['2026-10-03T15:45', '2026-10-04T15:15'],
    ],
    [
      'the order of the instants counts',
      '15,40 2 * * *',
      ['2026-10-03T15:40', '2026-10-03T15:45', '2026-10-04T15:15'],
    ],
    [
      'every quarter goes on by real time',
      '*/15 * * * *',
      ['2026-10-03T15:15', '2026-10-03T15:30', '2026-10-03T15:45'],
    ],
    [
      'every hour has no slot where the full hour is left out',
      '0 * * * *',
      ['2026-10-03T16:00', '2026-10-03T17:00'],
    ],
  ])('by half an hour on Lord Howe, %s', (_what, cron, expected) => {
    expect(slots(cron, LORD_HOWE, '2026-10-03T15:00Z', expected.length)).toEqual(expected);
  });
});

describe('when the clock is put back', () => {
  it.each([
    [
      'a time that comes twice is one slot, the first',
      '30 1 * * *',
      ['2026-11-01T05:30', '2026-11-02T06:30'],
    ],
    ['so are several', '*/30 1 * * *', ['2026-11-01T05:00', '2026-11-01T05:30', '2026-11-02T06:00']],
    [
      'every half hour comes twice',
      '*/30 * * * *',
      ['2026-11-01T05:00', '2026-11-01T05:30', '2026-11-01T06:00', '2026-11-01T06:30', '2026-11-01T07:00'],
    ],
  ])('in New York, %s', (_what, cron, expected) => {
    expect(slots(cron, NEW_YORK, '2026-11-01T04:50Z', expected.length)).toEqual(expected);
  });

  it('makes no difference to one who asks in the middle of the hour that comes twice', () => {
    for (const minute of ['05:45', '06:00', '06:10', '06:30', '06:50']) {
      expect(slots('30 1 * * *', NEW_YORK, `2026-11-01T${minute}Z`, 1)).toEqual(['2026-11-02T06:30']);
    }
  });

  it.each([
    [
      'a time that comes twice is one slot, the first',
      '45 1 * * *',
      ['2026-04-04T14:45', '2026-04-05T15:15'],
    ],
    [
      'every quarter comes twice',
      '*/15 * * * *',
      ['2026-04-04T14:30', '2026-04-04T14:45', '2026-04-04T15:00', '2026-04-04T15:15', '2026-04-04T15:30'],
    ],
    ['every hour goes on with the clock', '0 * * * *', ['2026-04-04T15:30', '2026-04-04T16:30']],
  ])('by half an hour on Lord Howe, %s', (_what, cron, expected) => {
    expect(slots(cron, LORD_HOWE, '2026-04-04T14:20Z', expected.length)).toEqual(expected);
  });
});

describe('whenever one asks', () => {
  const crons = ['30 1 * * *', '15 2 * * *', '*/20 * * * *', '0 * * * *', '10,50 1-2 * * *', '0 0 1 * *'];
  const zones = [NEW_YORK, LORD_HOWE, 'Europe/Dublin', 'UTC', 'Africa/Casablanca'];
  const starts = [
    '2026-03-07',
    '2026-03-28',
    '2026-04-03',
    '2026-10-02',
    '2026-10-24',
    '2026-10-31',
    '2026-02-14',
  ];

  it('the next slot is the first of the chain after that moment', () => {
    const minutes = fc.integer({ min: 0, max: 3 * 24 * 60 });
    const one = <T>(values: T[]) => fc.constantFrom(...values);
    const property = fc.property(
      one(crons),
      one(zones),
      one(starts),
      minutes,
      (cron, zone, start, minute) => {
        const timetable = new CronTimetable(cron, false, zone);
        const at = Date.parse(start) + minute * 60_000;
        let expected = Date.parse(start);
        while (expected <= at) expected = timetable.next(expected);
        expect(timetable.next(at)).toBe(expected);
      },
    );
    fc.assert(property, { numRuns: 150 });
  });
});

describe('the slots that passed', () => {
  it('are counted, and the last one is found', () => {
    const timetable = new CronTimetable('0 * * * *', false);
    const at = (text: string) => Date.parse(`2026-01-${text}Z`);
    expect(timetable.between(at('01T00:00'), at('01T00:59'))).toEqual({ count: 0 });
    expect(timetable.between(at('01T00:00'), at('01T03:00'))).toEqual({ count: 3, latest: at('01T03:00') });
  });

  it('are not walked through when they are very many', () => {
    const timetable = new CronTimetable('*/5 * * * *', false);
    const until = Date.parse('2026-06-01T00:04Z');
    const found = timetable.between(Date.parse('2020-01-01'), until);
    expect(found).toEqual({ count: 1_000, latest: Date.parse('2026-06-01T00:00Z') });
  });
});
