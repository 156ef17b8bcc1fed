import { afterListening } from './listening-timer.js';

/** Something that should settle in time. */
export interface Timed {
  isSettled: boolean;
}

interface Place<T> {
  readonly one: T;
  readonly due: number;
  next?: Place<T> | undefined;
}

/**
 * The deadlines of many that have the same time each, so that the first to come is the first that is due: one timer for all of them, which
 * those that settle in time never touch. It does not keep the process alive; what is waited for does.
 */
export class DeadlineLine<T extends Timed> {
  private first?: Place<T> | undefined;
  private last?: Place<T>;
  private isWatched = false;

  /**
   * @param ms what each has, from when it is added
   * @param late called with each that has not settled then
   */
  constructor(
    private readonly ms: number,
    private readonly late: (one: T) => void,
  ) {}

  add(one: T): void {
    while (this.first?.one.isSettled) this.leave(this.first);
    const place: Place<T> = { one, due: performance.now() + this.ms };
    if (this.first) this.last!.next = place;
    else this.first = place;
    this.last = place;
    if (!this.isWatched) this.watch(this.ms);
  }

  private watch(ms: number): void {
    this.isWatched = true;
    afterListening(ms, () => this.look(), false);
  }

  private look(): void {
    this.isWatched = false;
    const now = performance.now();
    while (this.first) {
      const { one, due } = this.first;
      // Timers come up to a millisecond early.
      if (!one.isSettled && due > now + 1) return this.watch(due - now);
      this.leave(this.first);
      if (!one.isSettled) this.late(one);
    }
  }

  /** Its place names no other one any more: an old one that is garbage would keep all that came after it. */
  private leave(place: Place<T>): void {
    this.first = place.next;
    place.next = undefined;
  }
}
