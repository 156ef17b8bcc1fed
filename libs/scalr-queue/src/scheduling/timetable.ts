const MINUTE = 60_000;
const SECOND = 1_000;

/** When the slots of a schedule are, in epoch milliseconds. Depends on nothing but the schedule, so that all processes agree. */
export interface Timetable {
  /** The first slot after an instant. */
  next(after: number): number;
  /** The slots after `since` and up to `until`: how many (counted up to a limit) and the last of them. */
  between(since: number, until: number): { readonly count: number; readonly latest?: number };
}

/** How late a slot may start before it is missed. */
export function tolerance(timetable: Timetable, slot: number): number {
  const period = timetable.next(slot) - slot;
  return Math.max(Math.min(MINUTE, Math.floor(period / 2)), SECOND);
}
