/** How many attempts ended how. */
export interface DrainOutcome {
  /** Jobs that were done; also slots of schedules that were skipped, as in production. */
  readonly completed: number;
  /** Attempts that failed and are tried again later. */
  readonly retrying: number;
  /** Put aside without using an attempt: `Snooze`, or no handler. */
  readonly postponed: number;
  /** Jobs that gave up, whatever the reason. */
  readonly dead: number;
  /** Jobs that were cancelled while they ran. */
  readonly cancelled: number;
}

/** Counts outcomes. */
export class Tally {
  private readonly counts = { completed: 0, retrying: 0, postponed: 0, dead: 0, cancelled: 0 };

  count(kind: keyof DrainOutcome, more = 1): void {
    this.counts[kind] += more;
  }

  add(other: DrainOutcome): void {
    for (const kind of Object.keys(this.counts) as (keyof DrainOutcome)[]) this.count(kind, other[kind]);
  }

  get runs(): number {
    return Object.values(this.counts).reduce((sum, count) => sum + count, 0);
  }

  get outcome(): DrainOutcome {
    return { ...this.counts };
  }
}
