import { shareClasses } from './shared-class.js';

/**
 * Base class of every error that this library throws on purpose.
 *
 * `code` is stable: compare it rather than the message. Messages name the field, the bound and the fix;
 * they never contain a payload, a password or the arguments of a Redis command.
 */
export abstract class ScalrQueueError extends Error {
  /** Stable, machine-readable identifier of the kind of error, such as `QUEUE_UNAVAILABLE`. */
  abstract readonly code: string;

  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
  }
}

shareClasses({ ScalrQueueError });
