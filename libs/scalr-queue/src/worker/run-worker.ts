import {
  type INestApplicationContext,
  Logger,
  type LoggerService,
  type LogLevel,
  type Type,
  type DynamicModule,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { QueueConfigError } from '../contract/errors/configuration.errors.js';
import { HealthReport } from '../health/health.report.js';
import { WorkerState } from '../health/worker.state.js';
import { severalCopies } from '../lifecycle/copies.js';
import { workerLogger } from '../observability/job-logger.js';
import * as defaults from '../contract/defaults.js';
import type { Duration } from '../contract/duration.js';
import { readEnvironment } from '../config/environment.js';
import { type BurstOptions, toBurstSettings } from '../config/burst-options.js';
import { describe, OptionChecker } from '../contract/option-checker.js';
import { BurstRun } from './burst.run.js';
import type { BurstSummary } from './burst.summary.js';
import { WorkerLifecycle } from './worker.lifecycle.js';
import { type PoolOptions, WorkerPool } from './worker.pool.js';

/** Options of `runWorker`; they win over the environment. */
export interface RunWorkerOptions {
  /** Port of the health endpoints; 0 for any free one. Defaults to `SCALR_WORKER_PORT`, else 3001. */
  readonly port?: number;
  /**
   * Address that the health endpoints listen on, such as `'127.0.0.1'`. Defaults to `SCALR_WORKER_HOST`, else to all interfaces.
   */
  readonly host?: string;
  /** How long running jobs may go on after a signal. Defaults to `SCALR_SHUTDOWN_TIMEOUT`, else `'25s'`. */
  readonly shutdownTimeout?: Duration;
  /** Jobs at a time per queue, for all queues. Defaults to that of the module. */
  readonly concurrency?: number;
  /** The only queues to work on. Defaults to `SCALR_WORKER_QUEUES`, else to all that have handlers. */
  readonly queues?: readonly string[];
  /** Whether SIGTERM and SIGINT shut the worker down and end the process. Defaults to true. */
  readonly signals?: boolean;
  /**
   * Whether to end when the queues are empty: nothing waits, nothing is due, nothing runs. With `signals` the process ends, with
   * exit code 1 when a job died or the end came too early. Defaults to `SCALR_WORKER_BURST`, else to false.
   */
  readonly burst?: boolean | BurstOptions;
  /**
   * Logger, or log levels, of the application context, as of `NestFactory.createApplicationContext`. Defaults to the one that is
   * set, else to one of Nest: JSON lines with NODE_ENV=production or SCALR_LOG=json, else one readable line each.
   */
  readonly logger?: LoggerService | LogLevel[] | false;
}

/** A worker that runs. */
export interface RunningWorker {
  /** Where its health endpoints are, such as `http://127.0.0.1:3001`. */
  readonly url: string;
  /**
   * The application context: for `get()`, `useLogger()`, or `useContainer` of class-validator. Its `close()` is that of the worker.
   */
  readonly context: INestApplicationContext;
  /** Shuts down as a signal would, without ending the process. Resolves when the providers of the application are closed. */
  close(): Promise<void>;
  /** With the option `burst`: resolves after the shutdown to what was done. */
  readonly burst?: Promise<BurstSummary>;
}

const KEYS = ['port', 'host', 'shutdownTimeout', 'concurrency', 'queues', 'signals', 'burst', 'logger'];
const check = new OptionChecker(QueueConfigError);
const HOUR = 3_600_000;

/**
 * Runs a worker: first the health endpoints, then a plain Nest application context of `module` (its controllers are not
 * mounted), then the processors. Resolves once it takes jobs; while Redis is away it waits, alive and not ready.
 *
 * @throws QueueConfigError, DuplicateHandlerError and whatever the module's own boot throws
 *
 * @example
 * // main.worker.ts
 * await runWorker(WorkerModule);
 */
export async function runWorker(
  module: Type<unknown> | DynamicModule,
  options: RunWorkerOptions = {},
): Promise<RunningWorker> {
  checkModule(module);
  const settings = resolve(options);
  const state = new WorkerState();
  const lifecycle = new WorkerLifecycle(state, settings.shutdownTimeout);
  if (settings.signals) lifecycle.listen();
  try {
    const health = await lifecycle.serveHealth(settings.port, settings.host);
    const logger = workerLogger(options.logger);
    const context = await lifecycle.boot.run(() =>
      NestFactory.createApplicationContext(module, { abortOnError: false, logger }),
    );
    leaveEndTo(lifecycle, context);
    const pool = moduleProvider(context, WorkerPool);
    const burst = settings.burst && new BurstRun(context, lifecycle, settings.burst);
    if (!lifecycle.closing) await start(context, pool, lifecycle, health.place, settings.pool);
    const worker = { url: health.url, context, close: () => lifecycle.close() };
    return burst ? { ...worker, burst: burst.run(settings.signals) } : worker;
  } catch (error) {
    await lifecycle.close();
    throw error;
  }
}

/** Closed by anything else, the providers would be gone while jobs still run. */
function leaveEndTo(lifecycle: WorkerLifecycle, context: INestApplicationContext): void {
  // Defined, as Nest's proxy takes no assignment.
  const ours = {
    close: (signal?: string) => lifecycle.close(signal),
    enableShutdownHooks: () => {
      lifecycle.listen();
      return context;
    },
  };
  for (const [name, value] of Object.entries(ours))
    Object.defineProperty(context, name, { value, configurable: true });
}

async function start(
  context: INestApplicationContext,
  pool: WorkerPool,
  lifecycle: WorkerLifecycle,
  place: string,
  options: PoolOptions,
): Promise<void> {
  const handlers = await pool.prepare();
  if (lifecycle.closing) return;
  await lifecycle.startJobs(pool, handlers, options, context.get(HealthReport, { strict: false }));
  if (!lifecycle.closing) new Logger('ScalrQueue').log(`Worker ready, health at ${place}`);
}

function moduleProvider(context: INestApplicationContext, type: typeof WorkerPool): WorkerPool {
  try {
    return context.get(type, { strict: false });
  } catch {
    const copies = severalCopies();
    throw new QueueConfigError(
      'the module given to runWorker does not import ScalrQueueModule.forRoot() or forRootAsync()' +
        (copies ? ` of this copy of scalr-queue; there are several: ${copies}. Keep one` : ''),
    );
  }
}

/** @throws QueueConfigError for what Nest would fail on without a sentence */
function checkModule(module: unknown): void {
  if (typeof module === 'function' || module instanceof Promise) return;
  const expected = 'expected runWorker to get the class of a module, such as runWorker(WorkerModule)';
  if (typeof module !== 'object' || module === null)
    throw new QueueConfigError(
      `${expected}, got: ${describe(module)}. Check the name and the file that it is imported from, and that no two files import each other.`,
    );
  if (typeof (module as { module?: unknown }).module === 'function') return;
  const { name } = module.constructor;
  throw new QueueConfigError(
    name === 'Object'
      ? `${expected}, or a dynamic module { module: WorkerModule, ... }, got an object without the field "module"`
      : `${expected}, got an instance of ${name}: pass the class, without "new"`,
  );
}

function resolve(options: RunWorkerOptions) {
  const given = check.object('the options of runWorker', options, KEYS);
  const environment = readEnvironment();
  const queues = (given.queues as string[] | undefined) ?? environment.workerQueues;
  if (queues !== undefined && (!Array.isArray(queues) || queues.length === 0))
    check.fail('queues', 'a list of names', queues);
  return {
    port:
      given.port === undefined
        ? (environment.workerPort ?? defaults.DEFAULT_WORKER_PORT)
        : check.integer('port', given.port, 0, 65_535),
    host: given.host === undefined ? environment.workerHost : check.host('host', given.host),
    shutdownTimeout:
      given.shutdownTimeout === undefined
        ? (environment.shutdownTimeout ?? defaults.DEFAULT_SHUTDOWN_TIMEOUT)
        : check.duration('shutdownTimeout', given.shutdownTimeout, 0, HOUR),
    burst: given.burst === undefined ? environment.workerBurst : toBurstSettings(check, 'burst', given.burst),
    signals: given.signals === undefined || check.boolean('signals', given.signals),
    pool: {
      queues: queues?.map((name) => check.name('queues', name)),
      concurrency:
        given.concurrency === undefined
          ? undefined
          : check.integer('concurrency', given.concurrency, 1, defaults.MAX_CONCURRENCY),
    } satisfies PoolOptions,
  };
}
