import { JobCancelledError, JobFailedError } from '../contract/errors/outcome.errors.js';
import type { JobEnd } from '../engine/job-end.js';
import { parseFailure } from '../engine/failure.js';
import type { JobInfo } from '../contract/job-info.js';

/**
 * What a finished job gives to those who wait for it; undefined while it is not finished.
 * @throws JobFailedError, JobCancelledError
 */
export function endOf({ id, state, result, reason, error }: JobInfo): { result: unknown } | undefined {
  if (state === 'completed') return { result };
  if (state !== 'dead') return undefined;
  return fail(id, reason ?? 'attempts', error?.message ?? 'no error was recorded');
}

/**
 * The same for a job that is not kept.
 * @throws JobFailedError, JobCancelledError
 */
export function resultOf(id: string, end: JobEnd): { result: unknown } {
  if ('result' in end) return end;
  const { kind, error } = parseFailure(end.failedReason);
  return fail(id, kind, error.message);
}

function fail(id: string, reason: string, message: string): never {
  if (reason === 'cancelled') throw new JobCancelledError(id);
  throw new JobFailedError(id, reason, message);
}
