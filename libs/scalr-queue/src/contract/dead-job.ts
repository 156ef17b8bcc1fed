import type { JobFailure } from './job-details.js';
import type { JobInfo } from './job-info.js';

/** A dead job: what is known of every job, its payload, and how it failed. */
export interface DeadJob extends JobInfo {
  readonly payload: unknown;
  /** Stack of the last failure. */
  readonly stack?: string;
  /** The last failed attempts (five are kept), oldest first, those before a retry included. */
  readonly failures: readonly JobFailure[];
}
