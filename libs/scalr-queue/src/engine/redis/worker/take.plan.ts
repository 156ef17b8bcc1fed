import { JOBS_PER_CALL } from './finish.calls.js';
import type { RunPace } from './run-pace.js';

/** Calls under way at a time: Redis works on one while the jobs of the other run. */
export const LANES = 2;
/** Jobs that were taken and cannot start yet, at the most. */
const MOST_AHEAD = 64;

/** Jobs that a call takes. */
export interface Take {
  /** To start at once. */
  readonly slots: number;
  /** More, to start when others have ended. */
  readonly ahead: number;
}

export const NOTHING: Take = { slots: 0, ahead: 0 };

/** How many jobs the next call takes, and whether it is time for one. */
export class TakePlan {
  /** Whether the last call that took jobs found as many as it wanted: else more are there when a slot is free, or never. */
  private hasMore = false;

  /**
   * @param concurrency of the worker
   * @param isAlone whether nothing may be taken ahead beside what is in hand
   */
  constructor(
    private readonly pace: RunPace,
    private readonly concurrency: () => number,
    private readonly isAlone: () => boolean,
  ) {}

  /** @param inHand jobs that run, are to start, or were asked for */
  next(inHand: number): Take {
    const slots = Math.max(0, Math.min(JOBS_PER_CALL, this.concurrency() - inHand));
    return { slots, ahead: Math.max(0, Math.min(this.share, this.most - inHand) - slots) };
  }

  /** @param ended jobs that the call would end */
  isTime(ended: number, { slots, ahead }: Take, isUnderWay: boolean): boolean {
    if (!isUnderWay) return ended > 0 || slots > 0;
    // Beside another call only whole ones; also one that takes ahead and does nothing else, for that is what the lanes take turns with.
    return ended >= this.share || ((slots > 0 || this.hasMore) && slots + ahead >= this.share);
  }

  /** A call has brought as many as that. */
  brought(count: number, { slots, ahead }: Take): void {
    if (slots + ahead > 0) this.hasMore = count === slots + ahead;
  }

  /** Jobs of a whole call: half of those in hand, that each lane has its part. */
  get share(): number {
    return Math.min(JOBS_PER_CALL, Math.ceil(this.most / LANES));
  }

  private get most(): number {
    const concurrency = this.concurrency();
    if (this.isAlone()) return concurrency;
    // Of each lane: those of the other one run while its call is under way.
    return concurrency + LANES * this.pace.ahead(concurrency, MOST_AHEAD / LANES);
  }
}
