import { type CronExpression, CronExpressionParser } from 'cron-parser';
import { TimeZone } from './time-zone.js';
import type { Timetable } from './timetable.js';

const MINUTE = 60_000;
const HOURS_OF_A_DAY = 24;
/** Missed slots are counted up to this many. */
const COUNT_LIMIT = 1_000;

/**
 * Slots by a cron expression. The parser works on wall times only; what a change of the clock means is decided here, for
 * left to the parser the next slot depends on when one asks (a job at 01:30 runs twice when one asks between the two), and
 * it fails on changes by half an hour.
 *
 * With every hour in the expression, slots go by real time: in the hour that comes twice they all come twice, in the one
 * that is left out they are left out. With chosen hours, each wall time is one slot: the first one where it comes twice,
 * and put off by the length of the gap where it is left out.
 */
export class CronTimetable implements Timetable {
  private readonly expression: CronExpression;
  private readonly zone: TimeZone;
  private readonly hourly: boolean;

  /** @throws Error for an expression that is none, RangeError for an unknown zone */
  constructor(cron: string, seconds: boolean, zone = 'UTC') {
    this.expression = CronExpressionParser.parse(seconds ? cron : `0 ${cron}`, { tz: 'UTC' });
    this.zone = new TimeZone(zone);
    this.hourly = this.expression.fields.hour.values.length === HOURS_OF_A_DAY;
  }

  next(after: number): number {
    return this.hourly ? this.nextHourly(after) : this.nextFixed(after);
  }

  between(since: number, until: number): { count: number; latest?: number } {
    let count = 0;
    let latest: number | undefined;
    for (let slot = this.next(since); slot <= until; slot = this.next(slot)) {
      latest = slot;
      if (++count >= COUNT_LIMIT) return { count, latest: this.latest(slot, until) };
    }
    return { count, ...(latest === undefined ? {} : { latest }) };
  }

  /** The last slot up to `until`, looking back ever further; `atLeast` is one. */
  private latest(atLeast: number, until: number): number {
    for (let back = MINUTE; until - back > atLeast; back *= 4) {
      let slot = this.next(until - back);
      if (slot > until) continue;
      for (let next = slot; next <= until; next = this.next(next)) slot = next;
      return slot;
    }
    for (let next = atLeast; next <= until; next = this.next(next)) atLeast = next;
    return atLeast;
  }

  private nextHourly(after: number): number {
    for (let from = after; ;) {
      const offset = this.zone.offset(from);
      const slot = this.nextWall(from + offset) - offset;
      const changed = this.zone.offset(slot);
      if (changed === offset) return slot;
      // Go on from the last millisecond before the change, as the changed clock would have shown it.
      const change = this.zone.transition(from, slot);
      const first = this.nextWall(this.zone.wall(change) - 1) - this.zone.offset(change);
      if (this.zone.offset(first) === this.zone.offset(change)) return first;
      from = change;
    }
  }

  private nextFixed(after: number): number {
    // Near a change later wall times can be earlier instants.
    const shift = this.zone.shiftNear(after);
    let best = Infinity;
    let bestWall = Infinity;
    for (let wall = this.nextWall(this.zone.wall(after) - shift); ; wall = this.nextWall(wall)) {
      const slot = this.zone.instant(wall);
      if (slot > after && slot < best) [best, bestWall] = [slot, wall];
      if (best < Infinity && wall - bestWall >= this.zone.shiftNear(wall)) return best;
    }
  }

  private nextWall(after: number): number {
    this.expression.reset(new Date(after));
    return this.expression.next().getTime();
  }
}
