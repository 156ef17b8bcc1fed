const DAY = 86_400_000;
const OFFSET = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/;

/**
 * The clock of a time zone. A wall time is what such a clock shows, as the epoch milliseconds at which a clock in UTC
 * shows the same.
 */
export class TimeZone {
  private readonly format: Intl.DateTimeFormat;
  private readonly fixed: boolean;

  /** @throws RangeError for a zone that does not exist */
  constructor(name: string) {
    this.format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
    this.fixed = this.format.resolvedOptions().timeZone === 'UTC';
  }

  /** Milliseconds that the clock is ahead of UTC at an instant. */
  offset(instant: number): number {
    if (this.fixed) return 0;
    const [, sign, hours = 0, minutes = 0, seconds = 0] = OFFSET.exec(this.format.format(instant)) ?? [];
    const ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000;
    return sign === '-' ? -ms : ms;
  }

  wall(instant: number): number {
    return instant + this.offset(instant);
  }

  /** By how much the clock is put forward or back within a day of an instant. */
  shiftNear(instant: number): number {
    return Math.abs(this.offset(instant - DAY) - this.offset(instant + DAY));
  }

  /**
   * The instant at which the clock shows a wall time: the first one where it shows it twice. Where it never does, because the
   * clock is put forward over it, as much later as the clock is put forward.
   */
  instant(wall: number): number {
    const before = this.offset(wall - DAY);
    const after = this.offset(wall + DAY);
    const first = wall - before;
    const second = wall - after;
    if (before === after || this.offset(first) === before) return first;
    return this.offset(second) === after ? second : first;
  }

  /** The first instant after `from` and up to `to` at which the clock has been changed; the offsets of both differ. */
  transition(from: number, to: number): number {
    const offset = this.offset(from);
    let [low, high] = [from, to];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.offset(middle) === offset) low = middle;
      else high = middle;
    }
    return high;
  }
}
