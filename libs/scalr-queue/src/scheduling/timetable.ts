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

/** The last slots after `since` and up to `until`, at most so many, of `count` that there are. */
export function lastSlots(
  timetable: Timetable,
  { since, until, count, most }: { since: number; until: number; count: number; most: number },
): number[] {
  // From twice as far back as those that are wanted take on average, and further where they are less even.
  for (let back = ((until - since) / count) * 2 * most; ; back *= 4) {
    const begin = Math.max(since, Math.floor(until - back));
    const slots: number[] = [];
    for (let slot = timetable.next(begin); slot <= until; slot = timetable.next(slot)) slots.push(slot);
    if (slots.length >= most || begin === since) return slots.slice(-most);
  }
}
