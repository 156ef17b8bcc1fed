import { EveryTimetable } from './every.timetable.js';
import { lateSlot } from './late-slot.js';
import type { StoredSchedule } from './schedule.store.js';

const HOUR = 3_600_000;
const GRACE = 2_000;

describe('the slot that is late', () => {
  const at = (state: Partial<StoredSchedule>, now: number) =>
    lateSlot({ timetable: new EveryTimetable(HOUR), paused: false, ...state } as StoredSchedule, now);

  it('is the one that was enqueued last, once its time and a grace have passed', () => {
    expect(at({ lastSlot: 5 * HOUR }, 5 * HOUR + GRACE)).toBeUndefined();
    expect(at({ lastSlot: 5 * HOUR }, 5 * HOUR + GRACE + 1)).toBe(5 * HOUR);
  });

  it.each(['covered', 'lastMissedAt'])(
    'is the next one where that has ended (%s) and nobody went on',
    (end) => {
      const state = { lastSlot: 5 * HOUR, [end]: 5 * HOUR };
      expect(at(state, 6 * HOUR + GRACE)).toBeUndefined();
      expect(at(state, 6 * HOUR + GRACE + 1)).toBe(6 * HOUR);
    },
  );

  it('is none of a schedule that is paused, or has enqueued nothing', () => {
    expect(at({ lastSlot: 5 * HOUR, paused: true }, 9 * HOUR)).toBeUndefined();
    expect(at({}, 9 * HOUR)).toBeUndefined();
  });
});
