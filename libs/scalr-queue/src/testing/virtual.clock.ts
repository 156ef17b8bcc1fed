import type { Clock } from '../config/clock.js';

interface Alarm {
  readonly at: number;
  readonly ring: () => void;
}

/** A time that stands still until it is moved. */
export class VirtualClock implements Clock {
  private readonly alarms = new Set<Alarm>();

  /** @param time where it begins, in epoch milliseconds */
  constructor(private time: number) {}

  now(): number {
    return this.time;
  }

  after(ms: number, work: () => void): () => void {
    const alarm: Alarm = { at: this.time + ms, ring: work };
    this.alarms.add(alarm);
    return () => void this.alarms.delete(alarm);
  }

  /** When the next of what waits for its time is due; `Infinity` when nothing waits. */
  get next(): number {
    return Math.min(Infinity, ...[...this.alarms].map(({ at }) => at));
  }

  /** Moves on, and does in order what becomes due on the way. Never goes back. */
  moveTo(time: number): void {
    for (;;) {
      const [first] = [...this.alarms].filter(({ at }) => at <= time).toSorted((a, b) => a.at - b.at);
      if (!first) break;
      this.alarms.delete(first);
      this.time = Math.max(this.time, first.at);
      first.ring();
    }
    this.time = Math.max(this.time, time);
  }
}
