import type { Duration } from '../contract/duration.js';
import type { JobHookClass } from '../contract/job-hook.js';
import type { JobDefaults } from '../contract/job-settings.js';
import type { Outbox } from '../contract/outbox.js';
import type { RedisConnectionOptions } from './redis-options.js';

/** Settings of one queue. */
export interface QueueOptions {
  /** Jobs that one worker process runs at a time, 1 to 1,000. Defaults to `worker.concurrency`. */
  readonly concurrency?: number;
  /** Jobs of this queue that run at a time over all worker processes. Defaults to no limit. */
  readonly globalConcurrency?: number;
  /** Jobs of this queue that start per span of time, over all worker processes. Defaults to no limit. */
  readonly rateLimit?: { readonly max: number; readonly per: Duration };
  /**
   * Jobs that may wait (delayed ones included) before `enqueue` refuses with `QueueFullError`, so that one flood does not
   * fill the shared Redis: a small job takes about 1 KiB. A soft limit: processes that enqueue at the same time can exceed it by
   * a little. `false` means no limit. Defaults to 1,000,000.
   */
  readonly maxBacklog?: number | false;
}

/** Settings of worker processes. */
export interface WorkerOptions {
  /** Jobs that one process runs at a time per queue, 1 to 1,000. Defaults to `SCALR_WORKER_CONCURRENCY`, else 10. */
  readonly concurrency?: number;
  /**
   * How long a job belongs to its worker without a heartbeat. Renewed while the worker lives; after a crash the job
   * runs elsewhere within this time plus two stalled checks. Must be at least twice `stalledInterval`. Defaults to `'30s'`.
   */
  readonly lockDuration?: Duration;
  /** How often jobs of crashed workers are looked for. Defaults to `'5s'`. */
  readonly stalledInterval?: Duration;
  /** A job whose worker crashed this many times is dead (reason `crashed`). Defaults to 3. */
  readonly maxCrashes?: number;
  /**
   * How long a job without a handler, enqueued by a newer version of the app, is deferred for a worker that has one. Then it
   * is dead (reason `unknown-job`). Defaults to `'10m'`.
   */
  readonly unknownJobTimeout?: Duration;
}

/** Options of `ScalrQueueModule.forRoot`. */
export interface ScalrQueueOptions {
  /**
   * Name of the app: its namespace on the shared Redis, `scalr:{app}:`. At most 64 letters, digits, `_`, `.` and `-`.
   * Defaults to `SCALR_APP`.
   */
  readonly app?: string;
  /** Where Redis is: a URL, or options for sentinels, a cluster or TLS. Defaults to `SCALR_REDIS_URL`. */
  readonly redis?: string | RedisConnectionOptions;
  /** Settings by name of the queue. A queue that is not named here has the defaults. */
  readonly queues?: Readonly<Record<string, QueueOptions>>;
  /** Defaults for definitions that set nothing else. */
  readonly defaults?: JobDefaults;
  /** Largest payload in bytes of JSON. Defaults to 256 KiB. */
  readonly payloadLimit?: number;
  /** Largest result in bytes of JSON. Defaults to 256 KiB. */
  readonly resultLimit?: number;
  /**
   * Whether a Redis that can lose jobs (eviction, no append-only file) keeps the process from becoming ready. It is always
   * complained about in the log. Defaults to false.
   */
  readonly strict?: boolean;
  /**
   * Whether enqueuing and attempts make OpenTelemetry spans, and jobs carry their trace. Needs the package `@opentelemetry/api`;
   * the SDK is set up by the app. See docs/tracing.md. Defaults to false.
   */
  readonly tracing?: boolean;
  /**
   * What happens when a job is enqueued that no live worker has handled for a minute. `'warn'`: the job waits, and a WARN a minute per
   * name says so. `'refuse'`: `enqueue` throws `UnhandledJobError` before anything is written. `'ignore'`: the job waits; right where
   * workers run only now and then, such as burst workers. Defaults to `'warn'`.
   */
  readonly unhandled?: 'warn' | 'refuse' | 'ignore';
  /**
   * Whether Redis scripts of the library do for many jobs in one call what those of BullMQ do job by job, on the same keys. `'auto'`: with the
   * minor versions of BullMQ for which a test has compared what both leave in Redis; with any other a WARN says so once, and BullMQ's own
   * scripts are used. `'off'`: always these. Jobs with an id of their own, unique jobs and those of schedules keep the scripts of the library. Defaults to
   * `SCALR_FAST_PATH`, else `'auto'`.
   */
  readonly fastPath?: 'auto' | 'off';
  /**
   * Code around jobs, in this order: the first is the outermost. Nest takes each from the module that provides it, in whatever scope, or makes it.
   * See docs/hooks.md. Defaults to none.
   */
  readonly hooks?: readonly JobHookClass[];
  /**
   * Enhancers of Nest around handlers. Those on a handler or its class always run; `global: true` adds those that the app binds with
   * `APP_GUARD`, `APP_INTERCEPTOR`, `APP_PIPE` and `APP_FILTER`, which see contexts of the type `'job'` then. Defaults to false.
   */
  readonly enhancers?: { readonly global?: boolean };
  /**
   * Keys of the carried context that stand in log lines: in those of the handlers, as the fields of the job do, and in those of the library
   * about jobs that run here. Only texts, numbers and booleans do. Defaults to none: what jobs carry is in no line otherwise.
   */
  readonly logFields?: readonly string[];
  /** Settings of the worker processes; a web process ignores them. */
  readonly worker?: WorkerOptions;
  /**
   * Where jobs are recorded that commit with a transaction of the app, and durable ones: `postgresOutbox({ … })` of `scalr-queue/outbox`.
   * Defaults to none.
   */
  readonly outbox?: Outbox;
  /**
   * What the workers keep in Redis of their own past, for `HistoryService`: counts a minute for a day, counts every ten minutes for so many `days`, from
   * 1 to 90 (14), and the versions of the app. `false`: nothing. See docs/history.md. Defaults to 14 days.
   */
  readonly history?: false | { readonly days?: number };
}

/** For `forRootAsync({ useClass })` and `useExisting`. */
export interface ScalrQueueOptionsFactory {
  createScalrQueueOptions(): ScalrQueueOptions | Promise<ScalrQueueOptions>;
}
