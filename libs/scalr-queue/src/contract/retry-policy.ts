import type { OptionChecker } from './option-checker.js';
import * as defaults from './defaults.js';
import { type Duration, parseDuration } from './duration.js';

/** When and how often a failed attempt is tried again. */
export interface RetryOptions {
  /** Attempts in all, the first one included: an integer from 1 to 100. Defaults to 5. */
  readonly attempts?: number;
  /** Wait before the second attempt. Defaults to `'1s'`. */
  readonly delay?: Duration;
  /** Each further wait is this many times the one before: from 1 to 10. Defaults to 2. */
  readonly factor?: number;
  /** No wait is longer than this. Defaults to `'1h'`. */
  readonly maxDelay?: Duration;
  /**
   * Share of each wait that is random, from 0 to 1, so that jobs which failed together do not come back
   * together: with 0.2 a wait of 10 s becomes 8 to 10 s. Defaults to 0.2.
   */
  readonly jitter?: number;
}

/**
 * Decides after each failed attempt: how long to wait before the next one, or `false` to give up.
 * `attempt` is the number of the attempt that failed, from 1. At most 100 attempts are made.
 */
export type RetryFunction = (attempt: number, error: Error) => Duration | false;

/** A retry policy with every value filled in; durations in milliseconds. */
export interface RetryPolicy {
  readonly attempts: number;
  readonly delay: number;
  readonly factor: number;
  readonly maxDelay: number;
  readonly jitter: number;
  readonly decide?: RetryFunction;
}

const DEFAULT_POLICY: RetryPolicy = {
  attempts: defaults.DEFAULT_ATTEMPTS,
  delay: defaults.DEFAULT_RETRY_DELAY,
  factor: defaults.DEFAULT_RETRY_FACTOR,
  maxDelay: defaults.DEFAULT_RETRY_MAX_DELAY,
  jitter: defaults.DEFAULT_RETRY_JITTER,
};

const KEYS = ['attempts', 'delay', 'factor', 'maxDelay', 'jitter'];

/** Checks a `retry` option and fills in what it leaves out from `base`. */
export function toRetryPolicy(
  check: OptionChecker,
  field: string,
  value: unknown,
  base = DEFAULT_POLICY,
): RetryPolicy {
  if (value === undefined) return base;
  if (value === false) return { ...DEFAULT_POLICY, attempts: 1 };
  if (typeof value === 'function') {
    return { ...DEFAULT_POLICY, attempts: defaults.MAX_ATTEMPTS, decide: value as RetryFunction };
  }
  const given = check.object(field, value, KEYS);
  // A function has no numbers that options could build upon.
  const policy: Record<string, unknown> = { ...(base.decide ? DEFAULT_POLICY : base) };
  if (given.attempts !== undefined) {
    policy.attempts = check.integer(`${field}.attempts`, given.attempts, 1, defaults.MAX_ATTEMPTS);
  }
  if (given.delay !== undefined) policy.delay = check.duration(`${field}.delay`, given.delay);
  if (given.factor !== undefined) policy.factor = check.number(`${field}.factor`, given.factor, 1, 10);
  if (given.maxDelay !== undefined) policy.maxDelay = check.duration(`${field}.maxDelay`, given.maxDelay);
  if (given.jitter !== undefined) policy.jitter = check.number(`${field}.jitter`, given.jitter, 0, 1);
  return policy as unknown as RetryPolicy;
}

/**
 * Milliseconds to wait after the failed attempt number `attempt`, or `false` to give up.
 * `random` is a number from 0 (inclusive) to 1 (exclusive).
 */
export function retryDelay(
  policy: RetryPolicy,
  attempt: number,
  error: Error,
  random = Math.random(),
): number | false {
  if (policy.decide) {
    const decided = policy.decide(attempt, error);
    if (decided === false) return false;
    const wait = parseDuration(decided);
    if (wait === undefined) throw new TypeError('the retry function returned neither a duration nor false');
    return Math.min(Math.max(0, Math.round(wait)), defaults.MAX_DURATION);
  }
  const full = Math.min(policy.delay * policy.factor ** (attempt - 1), policy.maxDelay);
  return Math.round(full * (1 - policy.jitter * random));
}
