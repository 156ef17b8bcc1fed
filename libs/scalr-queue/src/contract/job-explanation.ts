import type { JobInfo } from './job-info.js';

/**
 * Why a job is where it is. `running`, `cancelling`, `completed`, `missed`, `skipped` and `dead` are what became of it; `delayed`, `retrying` and
 * `overdue` that its time has not come or is over; the others what holds up one that could run.
 */
export type JobReasonCode =
  | 'running'
  | 'cancelling'
  | 'completed'
  | 'missed'
  | 'skipped'
  | 'dead'
  | 'delayed'
  | 'retrying'
  | 'overdue'
  | 'queue-paused'
  | 'no-live-worker'
  | 'no-handler'
  | 'limiter'
  | 'effect'
  | 'rate-limited'
  | 'global-concurrency'
  | 'position'
  | 'expires'
  | 'unique';

/** One reason, as a sentence and as data. */
export interface JobReason {
  readonly code: JobReasonCode;
  readonly message: string;
  /** What to do about it, where something can be done. */
  readonly advice?: string;
  /** When it passes by itself: the time of a delayed job, the end of a rate limit, the expiry. */
  readonly until?: Date;
  /** Place among those that wait, from 1; undefined beyond the first 10,000. */
  readonly position?: number;
  /** Jobs that run at a time at most, for `global-concurrency`. */
  readonly limit?: number;
}

/** A job and why it is where it is, the decisive reasons first. */
export interface JobExplanation {
  readonly job: JobInfo;
  readonly reasons: readonly JobReason[];
}
