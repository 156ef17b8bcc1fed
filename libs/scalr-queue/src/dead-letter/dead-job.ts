import type { JobInfo } from '../jobs/job-info.js';

/** One failed attempt of a dead job. */
export interface JobFailure {
  readonly at: Date;
  /** Number of the attempt, from 1. */
  readonly attempt: number;
  readonly stack: string;
}

/** A dead job: what is known of every job, its payload, and how it failed. */
export interface DeadJob extends JobInfo {
  readonly payload: unknown;
  /** Stack of the last failure. */
  readonly stack?: string;
  /** The last failed attempts (five are kept), oldest first, those before a retry included. */
  readonly failures: readonly JobFailure[];
}
