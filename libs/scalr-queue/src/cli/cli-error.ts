import { UnknownJobError } from '../contract/errors/configuration.errors.js';
import { EnqueueError } from '../contract/errors/enqueue.errors.js';
import { ScalrQueueError } from '../contract/errors/scalr-queue.error.js';
import { isUnknownQueue } from '../inspection/unknown-queue.js';
import { redactText } from '../observability/redaction.js';
import { ExitCode } from './exit-codes.js';

/** Ends a command with one line for the person and an exit code. */
export class CliError extends Error {
  constructor(
    message: string,
    readonly exitCode: ExitCode = ExitCode.failed,
  ) {
    super(message);
  }
}

/** What a failure of any kind is to the one who called: a line without secrets, and the exit code. */
export function describeFailure(error: unknown): { message: string; code?: string; exitCode: ExitCode } {
  if (error instanceof CliError) return { message: error.message, exitCode: error.exitCode };
  if (error instanceof ScalrQueueError) {
    return { message: error.message, code: error.code, exitCode: exitCodeOf(error) };
  }
  const message = redactText(error instanceof Error ? error.message || error.name : String(error));
  return { message, exitCode: ExitCode.internal };
}

function exitCodeOf(error: ScalrQueueError): ExitCode {
  if (error instanceof EnqueueError) return ExitCode.unavailable;
  // Nothing has the name that was given.
  return error instanceof UnknownJobError || isUnknownQueue(error) ? ExitCode.failed : ExitCode.usage;
}
