import type { StoredSchedule } from './schedule.store.js';

/** A slot starts within milliseconds where a worker lives. */
const LATE_AFTER_MS = 2_000;

/** The slot that is due and that nobody has started; undefined when there is none. Times are epoch milliseconds. */
export function lateSlot(
  { timetable, paused, lastSlot, covered = 0, lastMissedAt = 0 }: StoredSchedule,
  now: number,
): number | undefined {
  if (paused || lastSlot === undefined) return undefined;
  const settled = Math.max(covered, lastMissedAt);
  // The one that waits in the queue; where it has ended and nobody enqueued the next one, that.
  const due = settled >= lastSlot ? timetable.next(settled) : lastSlot;
  return due + LATE_AFTER_MS < now ? due : undefined;
}
