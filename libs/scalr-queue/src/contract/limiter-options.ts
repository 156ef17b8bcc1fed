import type { Duration } from './duration.js';
import { MAX_TIMEOUT } from './defaults.js';
import type { BreakerRule, LimitRule } from './limit-rule.js';
import type { OptionChecker } from './option-checker.js';

/** Tokens that come back at a steady rate: bursts up to `capacity`, and `refill` tokens `per` time over a longer one. */
export interface BucketOptions {
  /** Tokens of a full bucket: the largest burst. Up to 1,000,000. */
  readonly capacity: number;
  /** Tokens that come back in the time `per`, one by one. */
  readonly refill: number;
  /** From 1 ms to 1 h. */
  readonly per: Duration;
}

/** So many within any stretch of the time `per`, wherever it begins. Up to a hundredth of it longer, never shorter. */
export interface WindowOptions {
  /** Up to 1,000,000. */
  readonly max: number;
  /** From 1 ms to 24 days. */
  readonly per: Duration;
}

/** So many at a time, over all processes. */
export interface ConcurrentOptions {
  /** Up to 10,000. */
  readonly max: number;
  /** After this time without a sign of life of its process a place is free again; renewed at a third of it. Defaults to `'30s'`. */
  readonly lease?: Duration;
}

/** Stops calling what fails: no call is made for the time `open`, then one at a time until one succeeds. */
export interface BreakerOptions {
  /** Failures, of all processes, that open it. */
  readonly failures: number;
  /** The time that they are counted in. */
  readonly per: Duration;
  /** How long it stays open. */
  readonly open: Duration;
}

/**
 * What happens while Redis is away: `throw` a QueueUnavailableError, `allow` (go on without the limit), or `deny` (as over the limit).
 */
export type OnUnavailable = 'throw' | 'allow' | 'deny';

/** What a limiter allows: one of `bucket`, `window` and `concurrent`. */
export type LimiterOptions = {
  /** A circuit breaker around what {@link Limiter.run} is given. Defaults to none. */
  readonly breaker?: BreakerOptions;
  /** What its calls do while Redis is away, unless they say otherwise. Defaults to `'throw'`. */
  readonly onUnavailable?: OnUnavailable;
} & (
  | { readonly bucket: BucketOptions; readonly window?: undefined; readonly concurrent?: undefined }
  | { readonly bucket?: undefined; readonly window: WindowOptions; readonly concurrent?: undefined }
  | { readonly bucket?: undefined; readonly window?: undefined; readonly concurrent: ConcurrentOptions }
);

export const ON_UNAVAILABLE: readonly OnUnavailable[] = ['throw', 'allow', 'deny'];
export const DEFAULT_LEASE = 30_000;

const MAX_GRANTS = 1_000_000;
const MAX_HOLDERS = 10_000;
const MAX_REFILL_TIME = 3_600_000;
/** Shorter ones would be lost by a process that is merely busy. */
export const MIN_LEASE = 100;
const KINDS = ['bucket', 'window', 'concurrent'] as const;

/** Checked options of a limiter. */
export interface CheckedLimiter {
  readonly rule: LimitRule;
  readonly breaker?: BreakerRule;
  readonly onUnavailable: OnUnavailable;
}

/** @param field how errors call the options */
export function toLimiter(check: OptionChecker, field: string, options: unknown): CheckedLimiter {
  const given = check.object(field, options, [...KINDS, 'breaker', 'onUnavailable']);
  const kinds = KINDS.filter((kind) => given[kind] !== undefined);
  const [kind] = kinds;
  if (kinds.length !== 1 || !kind)
    return check.fail(field, 'an object with one of "bucket", "window" and "concurrent"', options);
  const breaker = toBreaker(check, `${field}.breaker`, given.breaker);
  return {
    rule: toRule(check, `${field}.${kind}`, kind, given[kind]),
    ...(breaker ? { breaker } : {}),
    onUnavailable: check.oneOf(`${field}.onUnavailable`, given.onUnavailable ?? 'throw', ON_UNAVAILABLE),
  };
}

function toRule(check: OptionChecker, field: string, kind: LimitRule['kind'], value: unknown): LimitRule {
  if (kind === 'bucket') {
    const { capacity, refill, per } = check.object(field, value, ['capacity', 'refill', 'per']);
    return {
      kind,
      capacity: check.integer(`${field}.capacity`, capacity, 1, MAX_GRANTS),
      refill: check.integer(`${field}.refill`, refill, 1, MAX_GRANTS),
      per: check.duration(`${field}.per`, per, 1, MAX_REFILL_TIME),
    };
  }
  if (kind === 'window') {
    const { max, per } = check.object(field, value, ['max', 'per']);
    return {
      kind,
      max: check.integer(`${field}.max`, max, 1, MAX_GRANTS),
      per: check.duration(`${field}.per`, per, 1, MAX_TIMEOUT),
    };
  }
  const { max, lease = DEFAULT_LEASE } = check.object(field, value, ['max', 'lease']);
  return {
    kind,
    max: check.integer(`${field}.max`, max, 1, MAX_HOLDERS),
    lease: check.duration(`${field}.lease`, lease, MIN_LEASE, MAX_TIMEOUT),
  };
}

function toBreaker(check: OptionChecker, field: string, value: unknown): BreakerRule | undefined {
  if (value === undefined) return undefined;
  const { failures, per, open } = check.object(field, value, ['failures', 'per', 'open']);
  return {
    failures: check.integer(`${field}.failures`, failures, 1, MAX_GRANTS),
    per: check.duration(`${field}.per`, per, 1, MAX_TIMEOUT),
    open: check.duration(`${field}.open`, open, 1, MAX_TIMEOUT),
  };
}
