import { ScalrQueueError } from './scalr-queue.error.js';
import { shareClasses } from './shared-class.js';

/** Base of the errors that end an `enqueue` after its checks. */
export abstract class EnqueueError extends ScalrQueueError {
  /**
   * The jobs that `enqueueMany` had enqueued before (or beside) the failure, in order; empty for a single `enqueue`.
   */
  enqueued: readonly { readonly id: string; readonly name: string; readonly queue: string }[] = [];
}

/**
 * Redis could not be reached, or refused before doing anything. The job was **not** enqueued:
 * it is safe to try again, with or without the same id. Of `enqueueMany` those in `enqueued` were enqueued, the others were not.
 */
export class QueueUnavailableError extends EnqueueError {
  readonly code = 'QUEUE_UNAVAILABLE';
  /** Always `not-enqueued`, in contrast to {@link OutcomeUnknownError}. */
  readonly outcome = 'not-enqueued';
}

/**
 * The command was sent, but no answer came in time: the job may or may not have been enqueued.
 * Enqueue again with `{ id: error.jobId }`: that makes one job, no matter what happened to the first call.
 */
export class OutcomeUnknownError extends EnqueueError {
  readonly code = 'OUTCOME_UNKNOWN';
  /** Always `unknown`, in contrast to {@link QueueUnavailableError}. */
  readonly outcome = 'unknown';
  /** Id of the job (the first one, for `enqueueMany`). */
  readonly jobId: string;
  /** Ids of all jobs whose outcome is unknown; one, unless `enqueueMany` was called. */
  readonly jobIds: readonly string[];

  constructor(message: string, jobIds: readonly string[], options?: { cause?: unknown }) {
    super(message, options);
    this.jobIds = jobIds;
    this.jobId = jobIds[0] ?? '';
  }
}

/**
 * The queue holds as many jobs as it may (`maxBacklog`), or Redis is out of memory. Nothing was enqueued; of `enqueueMany`, only those in
 * `enqueued` were.
 */
export class QueueFullError extends EnqueueError {
  readonly code = 'QUEUE_FULL';
}

/**
 * No live worker has handled such jobs for a minute, and `forRoot` has `unhandled: 'refuse'`. Nothing was enqueued: try again
 * when a worker with the handler runs.
 */
export class UnhandledJobError extends EnqueueError {
  readonly code = 'UNHANDLED_JOB';
}

/**
 * The signal of `enqueueMany` aborted when some of the jobs were enqueued already: those in `enqueued`. The others were **not**. Its
 * `cause` is the reason of the signal.
 */
export class EnqueueAbortedError extends EnqueueError {
  readonly code = 'ENQUEUE_ABORTED';

  constructor(enqueued: EnqueueError['enqueued'], options?: { cause?: unknown }) {
    super(`aborted after ${enqueued.length} jobs were enqueued; the others were not`, options);
    this.enqueued = enqueued;
  }
}

/** The application is shutting down, or has not been initialised: nothing can be enqueued any more. */
export class QueueClosedError extends EnqueueError {
  readonly code = 'QUEUE_CLOSED';
}

shareClasses({
  EnqueueError,
  QueueUnavailableError,
  OutcomeUnknownError,
  QueueFullError,
  UnhandledJobError,
  EnqueueAbortedError,
  QueueClosedError,
});
