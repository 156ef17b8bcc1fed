import { InvalidOptionError, UnknownJobError } from '../contract/errors/configuration.errors.js';
import { EnqueueError } from '../contract/errors/enqueue.errors.js';
import { ScalrQueueError } from '../contract/errors/scalr-queue.error.js';
import { isUnknownQueue } from '../inspection/unknown-queue.js';
import { redactText } from '../observability/redaction.js';

/** An answer that is no success. `code` is stable. */
export class ConsoleError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** An error of any kind as an answer; undefined for one that is a fault of the program, of which nothing is told. */
export function toConsoleError(error: unknown): ConsoleError | undefined {
  if (error instanceof ConsoleError) return error;
  if (!(error instanceof ScalrQueueError)) return undefined;
  return new ConsoleError(statusOf(error), error.code, redactText(error.message));
}

function statusOf(error: ScalrQueueError): number {
  if (error instanceof UnknownJobError || isUnknownQueue(error)) return 404;
  if (error instanceof InvalidOptionError) return 400;
  return error instanceof EnqueueError ? 503 : 500;
}
