import { describeThrown, type FailureKind } from '../../failure.js';
import type { JobErrorInfo } from '../../../contract/job-info.js';
import type { StoredJob } from '../../stored-job.js';
import { AttemptFailure } from '../../attempt-failure.js';

/** How a run ended, as it is stored for a later one. */
type RunOutcome =
  | { readonly result: unknown }
  | {
      readonly failure: JobErrorInfo & { readonly stack?: string };
      readonly kind?: FailureKind;
      readonly delay?: number;
      readonly fingerprint?: string;
    };

export function completedOutcome(job: StoredJob, result: unknown, now: number): string {
  return packed(job, { result: result ?? null }, now);
}

export function failedOutcome(job: StoredJob, error: Error, now: number): string {
  const outcome: RunOutcome =
    error instanceof AttemptFailure
      ? {
          failure: describeThrown(error.thrown),
          kind: error.kind,
          delay: error.retryDelay,
          ...(error.fingerprint === undefined ? {} : { fingerprint: error.fingerprint }),
        }
      : { failure: describeThrown(error) };
  return packed(job, outcome, now);
}

/** Returns, or throws, what the run did. @param stored what one of the functions above made */
export function repeatOutcome(job: StoredJob, stored: unknown, now: number): unknown {
  const outcome = stored as RunOutcome;
  if ('result' in outcome) return outcome.result;
  const { failure, kind, delay, fingerprint } = outcome;
  const thrown = Object.assign(new Error(failure.message), failure);
  throw kind === undefined
    ? thrown
    : new AttemptFailure(kind, thrown, job.attemptsMade + 1, now, delay, fingerprint);
}

/** Whether a job was taken anew though it runs, or has just ended, here: the loop was blocked for longer than the lock lives. */
export function isSameAttempt(before: StoredJob, now: StoredJob): boolean {
  return before.attemptsMade === now.attemptsMade && (now.stalledCounter ?? 0) > (before.stalledCounter ?? 0);
}

/** Whether a job that runs, or has just ended, here was lost by Redis and has come back: its starts are counted anew. */
export function hasComeBack(before: StoredJob, now: StoredJob): boolean {
  return now.attemptsStarted <= before.attemptsStarted && now.timestamp === before.timestamp;
}

function packed(job: StoredJob, outcome: RunOutcome, at: number): string {
  return JSON.stringify({ ...outcome, attempt: job.attemptsMade, at });
}
