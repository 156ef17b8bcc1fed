import { ScalrQueueError } from './scalr-queue.error.js';
import { shareClasses } from './shared-class.js';

/** A `JobHook` broke the rules of `next()`, or answered a call of `enqueue` with something that is no job. */
export class JobHookError extends ScalrQueueError {
  readonly code = 'JOB_HOOK';
}

shareClasses({ JobHookError });
