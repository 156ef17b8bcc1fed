import { ScalrQueueError } from './scalr-queue.error.js';
import { shareClasses } from './shared-class.js';

/** Thrown at boot when an option of `forRoot`, `forRootAsync`, `runWorker` or the environment is wrong. */
export class QueueConfigError extends ScalrQueueError {
  readonly code = 'QUEUE_CONFIG';
}

/** Thrown by `defineJob` when the name or a setting of the definition is wrong. */
export class InvalidJobDefinitionError extends ScalrQueueError {
  readonly code = 'INVALID_JOB_DEFINITION';
}

/** Thrown by `enqueue` and the services when an option of the call is wrong; nothing was sent to Redis. */
export class InvalidOptionError extends ScalrQueueError {
  readonly code = 'INVALID_OPTION';
}

/** Thrown when something that is not a definition made by `defineJob` is enqueued or handled. */
export class UnknownJobError extends ScalrQueueError {
  readonly code = 'UNKNOWN_JOB';
}

/** Thrown at worker boot when two methods handle the same job. */
export class DuplicateHandlerError extends ScalrQueueError {
  readonly code = 'DUPLICATE_HANDLER';

  constructor(
    jobName: string,
    first: string,
    second: string,
    fix = 'Keep one @ProcessJob per definition, or give the second its own definition.',
  ) {
    super(`two handlers for the job "${jobName}": ${first} and ${second}. ${fix}`);
  }
}

shareClasses({
  QueueConfigError,
  InvalidJobDefinitionError,
  InvalidOptionError,
  UnknownJobError,
  DuplicateHandlerError,
});
