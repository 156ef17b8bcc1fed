import { Postponed, Released } from '../engine/run-ends.js';
import { AttemptFailure } from '../engine/attempt-failure.js';
import { describeThrown, isInstance } from '../engine/failure.js';
import type { DeadReason, JobErrorInfo } from '../contract/job-info.js';

/** What became of an attempt that did not complete, as its span shows it. */
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
  // What a class written for @nestjs/bullmq throws is none of ours, and only the engine knows what follows.
  if (!isInstance(thrown, AttemptFailure)) return { outcome: 'failed', error: describeThrown(thrown) };
  const { kind, info: error } = thrown;
  if (kind === 'cancelled') return { outcome: 'cancelled' };
  return kind === 'retrying' ? { outcome: 'retrying', error } : { outcome: 'dead', reason: kind, error };
}
