import { Postponed, Released } from '../engine/run-ends.js';
import { describeThrown, parseFailure } from '../engine/failure.js';
import type { DeadReason, JobErrorInfo } from '../contract/job-info.js';

/** What became of an attempt that did not complete, as its span tells it. */
export interface AttemptOutcome {
  readonly outcome: 'retrying' | 'dead' | 'cancelled' | 'postponed' | 'handed-back' | 'failed';
  readonly reason?: DeadReason;
  /** Absent when nothing went wrong. */
  readonly error?: JobErrorInfo;
}

/** @param thrown how the run ended */
export function outcomeOf(thrown: unknown): AttemptOutcome {
  if (thrown instanceof Postponed) return { outcome: 'postponed' };
  if (thrown instanceof Released) return { outcome: 'handed-back' };
  const described = describeThrown(thrown);
  const { kind, error } = parseFailure(described.message);
  if (kind === 'cancelled') return { outcome: 'cancelled' };
  if (kind === 'retrying') return { outcome: 'retrying', error };
  // What a class written for @nestjs/bullmq throws is no text of ours, and only the engine knows what follows.
  const isOurs = kind !== 'attempts' || error.message !== described.message;
  return isOurs ? { outcome: 'dead', reason: kind, error } : { outcome: 'failed', error: described };
}
