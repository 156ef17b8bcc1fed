import { ScalrQueueError } from './scalr-queue.error.js';
import { shareClasses } from './shared-class.js';

/** An attempt ran longer than the job's `timeout`; its signal was aborted and the slot freed. */
export class JobTimeoutError extends ScalrQueueError {
  readonly code = 'JOB_TIMEOUT';
  /** The limit in milliseconds. */
  readonly timeout: number;

  constructor(jobName: string, timeout: number) {
    super(
      `${jobName} ran longer than its timeout of ${timeout} ms. ` +
        'Raise `timeout` in its definition, or make the handler stop when ctx.signal aborts.',
    );
    this.timeout = timeout;
  }
}

/** The job was cancelled: the reason of an aborted `ctx.signal`, and what waiting on such a job rejects with. */
export class JobCancelledError extends ScalrQueueError {
  readonly code = 'JOB_CANCELLED';
  /** Id of the cancelled job. */
  readonly jobId: string;

  constructor(jobId: string) {
    super(`job ${jobId} was cancelled`);
    this.jobId = jobId;
  }
}

/** What waiting on a job rejects with when the job is dead, or is not known (any more). */
export class JobFailedError extends ScalrQueueError {
  readonly code = 'JOB_FAILED';
  /** Id of the job. */
  readonly jobId: string;
  /** Why it is dead, such as `attempts` or `discarded`; `not-found` when no such job is stored. */
  readonly reason: string;

  constructor(jobId: string, reason: string, message: string) {
    super(`job ${jobId} failed (${reason}): ${message}`);
    this.jobId = jobId;
    this.reason = reason;
  }
}

/**
 * What waiting on a job rejects with when the job was stored and is not any more, because it has finished and is not kept, or was
 * replaced before it ran: its result is unknown. It does not mean that the job failed.
 */
export class JobNotKeptError extends ScalrQueueError {
  readonly code = 'JOB_NOT_KEPT';
  /** Id of the job. */
  readonly jobId: string;

  constructor(jobId: string) {
    super(
      `job ${jobId} is not stored any more, so its result is not known: it has finished and is not kept, or another job ` +
        'replaced it. Wait for it from the start with enqueueAndWait, or raise `keep.completed` in its definition.',
    );
    this.jobId = jobId;
  }
}

/** The time given to wait for a job is over; the job itself goes on. */
export class WaitTimeoutError extends ScalrQueueError {
  readonly code = 'WAIT_TIMEOUT';
  /** Id of the job. */
  readonly jobId: string;

  constructor(jobId: string, timeout: number) {
    super(
      `job ${jobId} did not finish within ${timeout} ms; it goes on, wait again or look with JobsService.get`,
    );
    this.jobId = jobId;
  }
}

shareClasses({ JobTimeoutError, JobCancelledError, JobFailedError, JobNotKeptError, WaitTimeoutError });
