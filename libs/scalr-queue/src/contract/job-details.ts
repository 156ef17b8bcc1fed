import type { JobInfo } from './job-info.js';

/** One failed attempt of a job. */
export interface JobFailure {
  readonly at: Date;
  /** Number of the attempt, from 1. */
  readonly attempt: number;
  readonly stack: string;
}

/** All that is stored of a job. */
export interface JobDetails extends JobInfo {
  /** What it was enqueued with: may hold anything, so show it to nobody who may not see all. */
  readonly payload: unknown;
  /** The last failed attempts (five are kept), oldest first, those before a retry included. */
  readonly failures: readonly JobFailure[];
  /** What its handler wrote with `ctx.log`, the last 100 lines. */
  readonly logs: readonly string[];
  /** 0 is the least urgent but is taken first: it means no priority. */
  readonly priority: number;
  /** When it is dead unless it has started before. */
  readonly expiresAt?: Date;
  /** Slot of the schedule that it was enqueued for. */
  readonly scheduledFor?: Date;
}
