import type { OptionChecker } from './option-checker.js';
import { MAX_DURATION, MAX_PRIORITY, MAX_TIMEOUT } from './defaults.js';
import type { Duration } from './duration.js';
import { type RetryFunction, type RetryOptions, toRetryPolicy } from './retry-policy.js';
import { checkLimits, type Limits } from './limit-use.js';
import { checkTagsSetting } from './tags.js';
import { toUniqueness, type UniqueOptions } from './unique-options.js';

/** How long, and how many, finished jobs of a definition are kept: whichever limit is reached first. Other jobs of its queue do not count. */
export interface KeepOptions {
  /** Completed jobs. `count: 0` keeps none. Defaults to 24 h and 1,000. */
  readonly completed?: { readonly age?: Duration; readonly count?: number };
  /** Dead jobs. Defaults to 14 days and 10,000. */
  readonly dead?: { readonly age?: Duration; readonly count?: number };
  /**
   * How long an id that the caller chose is remembered after its job has ended, also when the job itself is not kept any more:
   * enqueueing it again makes no second job. About 130 bytes of Redis each; 0 for not at all. Defaults to 24 h.
   */
  readonly ids?: Duration;
}

/** Settings of a job that also have a default for the whole app. */
export interface JobDefaults {
  /** When and how often a failed attempt is tried again; `false` for never. Defaults to 5 attempts, 1 s doubled up to 1 h. */
  readonly retry?: RetryOptions | RetryFunction | false;
  /** Longest time of one attempt, up to 24 days. It then fails with `JobTimeoutError` and `ctx.signal` aborts. Defaults to `'5m'`. */
  readonly timeout?: Duration;
  /** A job that has not started this long after it could have is dead (`expired`) and never runs. Defaults to never. */
  readonly expiresIn?: Duration;
  /** 0 runs before everything else; among the others the smaller number runs first, up to 2,097,151. Defaults to 0. */
  readonly priority?: number;
  /** How long finished jobs can still be looked at. Workers apply it in the background, as their definition has it. */
  readonly keep?: KeepOptions;
}

/** Settings of one job definition. */
export interface JobSettings<Payload = unknown> extends JobDefaults {
  /** Queue that the job waits in; queues have their own concurrency and rate limit. Defaults to `'default'`. */
  readonly queue?: string;
  /** `true`, or options, to keep equal jobs from being enqueued twice. Defaults to `false`. */
  readonly unique?: boolean | UniqueOptions<Payload>;
  /**
   * Whether the job is stored in PostgreSQL before Redis hears of it, until it has ended: `enqueue` works while Redis is down, and what Redis
   * loses is sent again. Needs `forRoot({ outbox })`; see docs/outbox.md. Defaults to `false`.
   */
  readonly durable?: boolean;
  /**
   * Limiters of `SharedRedis` that each attempt goes through before it starts, in this order: without room the job is put aside, and uses no
   * attempt. A place of a concurrent limiter is held for the whole attempt. Defaults to none.
   */
  readonly limits?: Limits<Payload>;
  /**
   * Labels by which operators find, count and cancel jobs, such as `tenant:acme`: up to 10 of at most 64 characters, made of the payload when it
   * is enqueued, and stored and shown in clear text. Defaults to none.
   */
  readonly tags?: (payload: Payload) => readonly string[];
  /**
   * What groups dead jobs of this definition instead of the error and the shape of its message: jobs for whose last error it gives the same
   * text (1 to 1,024 characters) are one group; `undefined` leaves a failure as it is. Defaults to none.
   */
  readonly fingerprint?: (error: Error) => string | undefined;
}

export const JOB_DEFAULT_KEYS = ['retry', 'timeout', 'expiresIn', 'priority', 'keep'];
export const JOB_SETTING_KEYS = [
  ...JOB_DEFAULT_KEYS,
  'queue',
  'unique',
  'durable',
  'limits',
  'tags',
  'fingerprint',
];

const KEEP_LIMIT = 1_000_000;

/** Checks the settings that definitions, enqueue calls and app defaults share; throws the checker's error. */
export function checkJobDefaults(check: OptionChecker, given: Record<string, unknown>, prefix = ''): void {
  toRetryPolicy(check, `${prefix}retry`, given.retry);
  if (given.timeout !== undefined) check.duration(`${prefix}timeout`, given.timeout, 1, MAX_TIMEOUT);
  if (given.expiresIn !== undefined) check.duration(`${prefix}expiresIn`, given.expiresIn, 1);
  if (given.priority !== undefined) check.integer(`${prefix}priority`, given.priority, 0, MAX_PRIORITY);
  if (given.keep !== undefined) checkKeep(check, `${prefix}keep`, given.keep);
}

/** Checks all settings of a definition. */
export function checkJobSettings(check: OptionChecker, given: Record<string, unknown>): void {
  checkJobDefaults(check, given);
  if (given.queue !== undefined) check.name('queue', given.queue);
  toUniqueness(check, 'unique', given.unique);
  if (given.durable !== undefined) check.boolean('durable', given.durable);
  checkLimits(check, 'limits', given.limits);
  checkTagsSetting(check, 'tags', given.tags);
  if (given.fingerprint !== undefined && typeof given.fingerprint !== 'function')
    check.fail('fingerprint', 'a function of the error that returns a string', given.fingerprint);
}

function checkKeep(check: OptionChecker, field: string, value: unknown): void {
  const keep = check.object(field, value, ['completed', 'dead', 'ids']);
  const { ids, ...states } = keep;
  if (ids !== undefined) check.duration(`${field}.ids`, ids, 0, MAX_DURATION);
  for (const [state, limits] of Object.entries(states)) {
    if (limits === undefined) continue;
    const { age, count } = check.object(`${field}.${state}`, limits, ['age', 'count']);
    if (age !== undefined) check.duration(`${field}.${state}.age`, age, 1_000, MAX_DURATION);
    if (count !== undefined) check.integer(`${field}.${state}.count`, count, 0, KEEP_LIMIT);
  }
}
