import type { Timetable } from './timetable.js';

/** Slots at equal distances, counted from the epoch. */
export class EveryTimetable implements Timetable {
  constructor(private readonly period: number) {}

  next(after: number): number {
    return (Math.floor(after / this.period) + 1) * this.period;
  }

  between(since: number, until: number): { count: number; latest?: number } {
    const last = Math.floor(until / this.period);
    const count = last - Math.floor(since / this.period);
    return count > 0 ? { count, latest: last * this.period } : { count: 0 };
  }
}
