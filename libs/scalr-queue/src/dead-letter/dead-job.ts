import type { JobFailure } from '../contract/job-details.js';
import type { JobInfo } from '../contract/job-info.js';

/** A dead job: what is known of every job, its payload, and how it failed. */
export interface DeadJob extends JobInfo {
  readonly payload: unknown;
  /** Stack of the last failure. */
  readonly stack?: string;
  /** The last failed attempts (five are kept), oldest first, those before a retry included. */
  readonly failures: readonly JobFailure[];
}

/** A dead job that cannot be retried: its unique key is taken. */
export interface KeyConflict {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  /** Id of the job that holds the key. */
  readonly holder: string;
}
