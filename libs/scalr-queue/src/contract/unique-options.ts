import { createHash } from 'node:crypto';
import { HiddenValue, type OptionChecker } from './option-checker.js';
import type { Duration } from './duration.js';
import { MAX_DURATION } from './defaults.js';

/** What is done with a job whose unique key is taken. */
export type OnConflict = 'keep' | 'replace' | 'rerun';

/** Keeps a second job with the same key from being enqueued beside the first. */
export interface UniqueOptions<Payload = unknown> {
  /** What makes two jobs the same: a string, or a function of the payload. Defaults to the whole payload. */
  readonly key?: string | ((payload: Payload) => string);
  /**
   * How long the key is taken, from the moment of enqueueing, unless the job is cancelled or deleted.
   * Left out, it is taken while the job is pending or running.
   */
  readonly for?: Duration;
  /**
   * `keep` (the default): the first job stays and the second is not enqueued.
   * `replace`: a first job that is still delayed and has not run yet makes room for the second (debounce);
   * one that is already waiting or running, or waits for its retry, stays.
   * `rerun`: while the first job runs, one more run with the latest payload follows it, however often it is asked for;
   * while the first job waits, it takes over the payload.
   */
  readonly onConflict?: OnConflict;
}

/** A `unique` option that was checked; the window in milliseconds. */
export interface Uniqueness {
  readonly key?: string | ((payload: unknown) => string);
  readonly window?: number;
  readonly onConflict: OnConflict;
}

const MAX_KEY_LENGTH = 1_024;
const KEY_RULE = `a string of 1 to ${MAX_KEY_LENGTH} characters`;

/** Checks a `unique` option; `undefined` means that the job is not unique. */
export function toUniqueness(check: OptionChecker, field: string, value: unknown): Uniqueness | undefined {
  if (value === undefined || value === false) return undefined;
  if (value === true) return { onConflict: 'keep' };
  const given = check.object(field, value, ['key', 'for', 'onConflict']);
  const { key } = given;
  if (key !== undefined && typeof key !== 'function' && !isKey(key))
    check.fail(`${field}.key`, `${KEY_RULE}, or a function that makes one`, key);
  return {
    key: key as Uniqueness['key'],
    window: given.for === undefined ? undefined : check.duration(`${field}.for`, given.for, 1, MAX_DURATION),
    onConflict:
      given.onConflict === undefined
        ? 'keep'
        : check.oneOf(`${field}.onConflict`, given.onConflict, ['keep', 'replace', 'rerun'] as const),
  };
}

/** A short id for the key of a unique job: the same for the same definition and key, and free of key syntax. */
export function uniqueId(
  check: OptionChecker,
  unique: Uniqueness,
  name: string,
  payload: unknown,
  json: string,
): string {
  const key = typeof unique.key === 'function' ? makeKey(check, unique.key, payload) : unique.key;
  // A chosen key and a whole payload can be the same text; the first character keeps them apart.
  const text = key === undefined ? `p${canonical(json)}` : `k${key}`;
  return `${name}~${createHash('sha256').update(text).digest('base64url').slice(0, 22)}`;
}

/** The key is made of the payload, so a wrong one is not shown. */
function makeKey(check: OptionChecker, make: (payload: unknown) => unknown, payload: unknown): string {
  const key = make(payload);
  if (isKey(key)) return key;
  const picture = typeof key === 'string' ? `a string of ${key.length}` : `a value of type ${typeof key}`;
  return check.fail('the outcome of unique.key', KEY_RULE, new HiddenValue(picture));
}

function isKey(key: unknown): key is string {
  return typeof key === 'string' && key.length > 0 && key.length <= MAX_KEY_LENGTH;
}

/** The same JSON text for objects that differ only in the order of their keys. */
function canonical(json: string): string {
  return JSON.stringify(JSON.parse(json), (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}
