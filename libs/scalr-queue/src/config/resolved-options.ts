import { QueueConfigError } from '../contract/errors/configuration.errors.js';
import { isOutbox, type Outbox } from '../contract/outbox.js';
import { checkJobDefaults, JOB_DEFAULT_KEYS, type JobDefaults } from '../contract/job-settings.js';
import type { JobHookClass } from '../contract/job-hook.js';
import { type Clock, systemClock } from './clock.js';
import * as defaults from '../contract/defaults.js';
import { type Environment, FAST_PATH_MODES, readEnvironment } from './environment.js';
import { OptionChecker } from '../contract/option-checker.js';
import { trusting } from './certificate-file.js';
import { type RedisTarget, toRedisTarget } from './redis-options.js';
import type { ScalrQueueOptions } from './scalr-queue.options.js';
import { LOOKS_ONLY } from './tokens.js';

/** Settings of one queue, checked; durations in milliseconds. */
export interface ResolvedQueueOptions {
  readonly concurrency?: number;
  readonly globalConcurrency?: number;
  readonly rateLimit?: { readonly max: number; readonly per: number };
  /** Infinity where there is no limit. */
  readonly maxBacklog: number;
}

/** All options, checked and filled in; durations in milliseconds. */
export interface ResolvedOptions {
  readonly app: string;
  /** Prefix of every key. The braces keep all keys of an app in one slot of a cluster. */
  readonly prefix: string;
  readonly redis: RedisTarget;
  readonly queues: ReadonlyMap<string, ResolvedQueueOptions>;
  readonly defaults: JobDefaults;
  readonly payloadLimit: number;
  readonly resultLimit: number;
  readonly strict: boolean;
  readonly tracing: boolean;
  readonly unhandled: 'warn' | 'refuse' | 'ignore';
  readonly fastPath: 'auto' | 'off';
  readonly hooks: readonly JobHookClass[];
  readonly enhancers: { readonly global: boolean };
  readonly logFields: readonly string[];
  readonly worker: {
    readonly concurrency: number;
    readonly lockDuration: number;
    readonly stalledInterval: number;
    readonly maxCrashes: number;
    readonly unknownJobTimeout: number;
  };
  readonly outbox: Outbox | undefined;
  readonly history: false | { readonly days: number };
  readonly environment: Environment;
  readonly clock: Clock;
  /** Whether nothing may be written over its connection. */
  readonly looksOnly: boolean;
  /** Of what this process writes lines on its own: the events of jobs, and handlers that will not run in it. */
  readonly reports: { readonly jobs: boolean; readonly idleHandlers: boolean };
}

const MAX_APP_LENGTH = 64;
const MAX_BACKLOG = 1_000_000_000;
const MAX_LIMIT = 16 * 1_024 * 1_024;
const check = new OptionChecker(QueueConfigError);

/** Checks the options of `forRoot` and fills in the environment and the defaults. */
export function resolveOptions(options: ScalrQueueOptions, environment = readEnvironment()): ResolvedOptions {
  const given = check.object('the options of ScalrQueueModule', options, [
    'app', 'redis', 'queues', 'defaults', 'payloadLimit', 'resultLimit', 'strict', 'tracing', 'unhandled', 'fastPath',
    'hooks', 'enhancers', 'logFields', 'worker', 'outbox', 'history',
  ]); // prettier-ignore
  const app = checkApp(given.app, environment);
  return {
    app,
    prefix: `scalr:{${app}}`,
    redis: resolveRedis(given.redis, environment),
    queues: resolveQueues(given.queues ?? {}),
    defaults: resolveDefaults(given.defaults ?? {}),
    payloadLimit: limit('payloadLimit', given.payloadLimit, defaults.DEFAULT_PAYLOAD_LIMIT),
    resultLimit: limit('resultLimit', given.resultLimit, defaults.DEFAULT_RESULT_LIMIT),
    strict: given.strict !== undefined && check.boolean('strict', given.strict),
    tracing: given.tracing !== undefined && check.boolean('tracing', given.tracing),
    unhandled: check.oneOf('unhandled', given.unhandled ?? 'warn', ['warn', 'refuse', 'ignore']),
    fastPath: check.oneOf(
      'fastPath',
      given.fastPath ?? environment.fastPath ?? defaults.DEFAULT_FAST_PATH,
      FAST_PATH_MODES,
    ),
    hooks: checkHooks(given.hooks ?? []),
    enhancers: { global: globalEnhancers(given.enhancers ?? {}) },
    logFields: logFields(given.logFields ?? []),
    worker: resolveWorker(given.worker ?? {}, environment),
    outbox: resolveOutbox(given.outbox),
    history: resolveHistory(given.history ?? {}),
    environment,
    clock: systemClock,
    looksOnly: Reflect.get(given, LOOKS_ONLY) === true,
    reports: { jobs: true, idleHandlers: true },
  };
}

function resolveOutbox(given: unknown): Outbox | undefined {
  if (given === undefined || isOutbox(given)) return given;
  return check.fail('outbox', 'made by postgresOutbox() of scalr-queue/outbox', given);
}

function resolveHistory(given: unknown): ResolvedOptions['history'] {
  if (given === false) return false;
  const { days } = check.object('history', given, ['days']);
  return {
    days: optionalInteger('history.days', days, defaults.MAX_HISTORY_DAYS) ?? defaults.DEFAULT_HISTORY_DAYS,
  };
}

/** The name of the app: as given, or as the environment says. */
export function checkApp(given: unknown, environment: Environment): string {
  const name = given ?? environment.app;
  if (name === undefined)
    throw new QueueConfigError(
      'the app has no name: set SCALR_APP, the option app or the flag --app to a name like "billing"',
    );
  return check.name(given === undefined ? 'SCALR_APP (or the option app)' : 'app', name, MAX_APP_LENGTH);
}

function resolveRedis(given: unknown, environment: Environment): RedisTarget {
  if (given !== undefined) return trusting(toRedisTarget(check, 'redis', given), environment.redisCa);
  if (environment.redisUrl === undefined) {
    throw new QueueConfigError(
      'no Redis is configured: set SCALR_REDIS_URL, or the option redis, to a URL like redis://scalr-redis:6379/0',
    );
  }
  return trusting(toRedisTarget(check, 'SCALR_REDIS_URL', environment.redisUrl), environment.redisCa);
}

function resolveQueues(given: unknown): Map<string, ResolvedQueueOptions> {
  const queues = new Map<string, ResolvedQueueOptions>();
  for (const [name, value] of Object.entries(check.object('queues', given, Object.keys(given as object)))) {
    check.name('the name of a queue in queues', name);
    const field = `queues.${name}`;
    const queue = check.object(field, value, ['concurrency', 'globalConcurrency', 'rateLimit', 'maxBacklog']);
    const rate =
      queue.rateLimit === undefined
        ? undefined
        : check.object(`${field}.rateLimit`, queue.rateLimit, ['max', 'per']);
    queues.set(name, {
      concurrency: optionalInteger(`${field}.concurrency`, queue.concurrency, defaults.MAX_CONCURRENCY),
      globalConcurrency: optionalInteger(`${field}.globalConcurrency`, queue.globalConcurrency, 100_000),
      maxBacklog: maxBacklog(`${field}.maxBacklog`, queue.maxBacklog),
      rateLimit: rate && {
        max: check.integer(`${field}.rateLimit.max`, rate.max, 1, 1_000_000),
        per: check.duration(`${field}.rateLimit.per`, rate.per, 1),
      },
    });
  }
  return queues;
}

function resolveDefaults(given: unknown): JobDefaults {
  const values = check.object('defaults', given, JOB_DEFAULT_KEYS);
  checkJobDefaults(check, values, 'defaults.');
  return values;
}

function resolveWorker(given: unknown, environment: Environment): ResolvedOptions['worker'] {
  const keys = ['concurrency', 'lockDuration', 'stalledInterval', 'maxCrashes', 'unknownJobTimeout'];
  const worker = check.object('worker', given, keys);
  const duration = (name: string, fallback: number) =>
    worker[name] === undefined ? fallback : check.duration(`worker.${name}`, worker[name], 100, 3_600_000);
  const stalledInterval = duration('stalledInterval', defaults.DEFAULT_STALLED_INTERVAL);
  const lockDuration = duration('lockDuration', defaults.DEFAULT_LOCK_DURATION);
  if (lockDuration < 2 * stalledInterval) {
    check.fail(
      'worker.lockDuration',
      `at least twice worker.stalledInterval (${2 * stalledInterval} ms)`,
      lockDuration,
    );
  }
  return {
    concurrency:
      optionalInteger('worker.concurrency', worker.concurrency, defaults.MAX_CONCURRENCY) ??
      environment.workerConcurrency ??
      defaults.DEFAULT_CONCURRENCY,
    lockDuration,
    stalledInterval,
    maxCrashes: optionalInteger('worker.maxCrashes', worker.maxCrashes, 100) ?? defaults.DEFAULT_MAX_CRASHES,
    unknownJobTimeout: duration('unknownJobTimeout', defaults.DEFAULT_UNKNOWN_JOB_TIMEOUT),
  };
}

const HOOK_METHODS = ['enqueue', 'attempt', 'dead'];

function checkHooks(given: unknown): readonly JobHookClass[] {
  if (!Array.isArray(given)) return check.fail('hooks', 'an array of classes', given);
  const hooks = given as JobHookClass[];
  for (const [index, hook] of hooks.entries()) {
    const prototype =
      typeof hook === 'function' ? (hook.prototype as Record<string, unknown> | undefined) : undefined;
    if (!prototype || !HOOK_METHODS.some((method) => typeof prototype[method] === 'function'))
      check.fail(`hooks[${index}]`, 'a class with a method enqueue, attempt or dead', hook);
    if (hooks.findIndex(({ name }) => name === hook.name) < index)
      throw new QueueConfigError(
        `hooks[${index}] is called ${hook.name}, as another one is: give each a name of its own`,
      );
  }
  return hooks;
}

function globalEnhancers(given: unknown): boolean {
  const { global } = check.object('enhancers', given, ['global']);
  return global !== undefined && check.boolean('enhancers.global', global);
}

function logFields(given: unknown): readonly string[] {
  const isText = (value: unknown) => typeof value === 'string' && value !== '';
  if (!Array.isArray(given) || !given.every(isText))
    check.fail('logFields', 'an array of keys of the carried context', given);
  return given as string[];
}

function limit(field: string, value: unknown, fallback: number): number {
  return value === undefined ? fallback : check.integer(field, value, 1, MAX_LIMIT);
}

function optionalInteger(field: string, value: unknown, max: number): number | undefined {
  return value === undefined ? undefined : check.integer(field, value, 1, max);
}

function maxBacklog(field: string, value: unknown): number {
  if (value === false) return Infinity;
  if (value === undefined) return defaults.DEFAULT_MAX_BACKLOG;
  if (typeof value !== 'number') return check.fail(field, `an integer, or false for no limit`, value);
  return check.integer(field, value, 1, MAX_BACKLOG);
}
