import { clip, type OptionChecker } from './option-checker.js';
import type { SharedLimiters } from './shared-limiters.js';

/** Name of a limiter: one of `SharedLimiters`, or any where that lists none. */
export type LimiterName = [keyof SharedLimiters] extends [never]
  ? string
  : Extract<keyof SharedLimiters, string>;

/** A limiter that the attempts of a definition go through. */
export interface LimitUse<Payload = unknown> {
  /** Name of the limiter. */
  readonly limiter: LimiterName;
  /** Which of its counts, such as the tenant of the payload. Defaults to the one that all share. */
  readonly key?: (payload: Payload) => string;
  /** What an attempt takes of it. Defaults to 1. */
  readonly cost?: number | ((payload: Payload) => number);
}

/** The setting `limits` of a definition. */
export type Limits<Payload = unknown> = readonly (LimiterName | LimitUse<Payload>)[];

const MAX_COST = 1_000_000;
const MAX_KEY_LENGTH = 256;
const MAX_LIMITS = 10;

/** Checks the setting `limits`; whether there are such limiters is known when a worker boots. */
export function checkLimits(check: OptionChecker, field: string, value: unknown): void {
  if (value === undefined) return;
  if (!Array.isArray(value) || value.length > MAX_LIMITS)
    check.fail(field, `a list of at most ${MAX_LIMITS} limiters`, value);
  for (const [at, one] of (value as unknown[]).entries()) {
    if (typeof one === 'string') {
      check.name(`${field}[${at}]`, one);
      continue;
    }
    const { limiter, key, cost } = check.object(`${field}[${at}]`, one, ['limiter', 'key', 'cost']);
    check.name(`${field}[${at}].limiter`, limiter);
    if (key !== undefined && typeof key !== 'function')
      check.fail(`${field}[${at}].key`, 'a function of the payload', key);
    if (cost !== undefined && typeof cost !== 'function')
      check.integer(`${field}[${at}].cost`, cost, 1, MAX_COST);
  }
}

/** The limiters of a definition, each with what it is asked. */
export function limitUsesOf(limits: Limits<never> | undefined): readonly LimitUse[] {
  return (limits ?? []).map((one) => (typeof one === 'string' ? { limiter: one } : one) as LimitUse);
}

/** Checks the key of a call: it becomes a part of a key of Redis. */
export function checkLimitKey(check: OptionChecker, field: string, key: unknown): string {
  if (key === undefined) return '';
  if (typeof key === 'string' && key.length <= MAX_KEY_LENGTH && key.isWellFormed()) return key;
  return check.fail(
    field,
    `a text of at most ${MAX_KEY_LENGTH} characters`,
    typeof key === 'string' ? clip(key) : key,
  );
}
