import { CronTimetable } from './cron.timetable.js';
import { EveryTimetable } from './every.timetable.js';
import { lastSlots, tolerance } from './timetable.js';

describe('slots at equal distances', () => {
  it('are counted from the epoch, so that all processes agree', () => {
    const timetable = new EveryTimetable(900_000);
    expect(timetable.next(Date.parse('2026-03-08T07:14:59.999Z'))).toBe(Date.parse('2026-03-08T07:15Z'));
    expect(timetable.next(Date.parse('2026-03-08T07:15Z'))).toBe(Date.parse('2026-03-08T07:30Z'));
  });

  it('that passed are counted', () => {
    const timetable = new EveryTimetable(1_000);
    expect(timetable.between(5_000, 5_999)).toEqual({ count: 0 });
    expect(timetable.between(5_000, 8_500)).toEqual({ count: 3, latest: 8_000 });
  });

  it.each([
    [new EveryTimetable(1_000), 3],
    [new EveryTimetable(1_000), 100_000],
    [new CronTimetable('0 3 * * 1', false), 500],
    // So uneven that half of the time holds nothing.
    [new CronTimetable('* 0 * * *', false), 1_440],
  ])('are found from the last one back, without a look at all that were before: %#', (timetable, wanted) => {
    const since = Date.parse('2026-01-01T00:00Z');
    let until = since;
    const all: number[] = [];
    for (let n = 0; n < wanted; n++) all.push((until = timetable.next(until)));
    const next = vi.spyOn(timetable, 'next');
    expect(lastSlots(timetable, { since, until, count: wanted, most: 5 })).toEqual(all.slice(-5));
    expect(next.mock.calls.length).toBeLessThanOrEqual(200);
  });
});

describe('a slot is missed', () => {
  it.each([
    ['one second after its time', 1_000, 1_000],
    ['half the period after it', 30_000, 15_000],
    ['one minute after it', 86_400_000, 60_000],
  ])('%s', (_when, every, expected) => {
    expect(tolerance(new EveryTimetable(every), 86_400_000)).toBe(expected);
  });

  it('by the distance to the slot after it, where distances differ', () => {
    const timetable = new CronTimetable('0,1 * * * *', false);
    expect(tolerance(timetable, Date.parse('2026-01-01T00:00Z'))).toBe(30_000);
    expect(tolerance(timetable, Date.parse('2026-01-01T00:01Z'))).toBe(60_000);
  });
});
