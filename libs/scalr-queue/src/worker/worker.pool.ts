import { Inject, Injectable, Logger } from '@nestjs/common';
import { hostname } from 'node:os';
import type { WorkerOptions } from 'bullmq';
import { JobCatalog } from '../connection/job.catalog.js';
import { QueueRegistry } from '../connection/queue.registry.js';
import { DRAIN_DELAY_SECONDS } from '../connection/redis.client.js';
import { RedisConnections } from '../connection/redis.connections.js';
import { QueueConfigError } from '../errors/configuration.errors.js';
import { fromStoredId } from '../jobs/job-id.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { RESOLVED_OPTIONS } from '../options/tokens.js';
import { attemptBackoff } from './attempt.failure.js';
import { CancelWatcher } from './cancel.watcher.js';
import { HandlerExplorer, type JobHandler } from './handler.explorer.js';
import { JobRunner } from './job.runner.js';
import { ManagedWorker } from './managed.worker.js';
import { ProcessorBridge } from './processor.bridge.js';
import { RunningJobs } from './running.jobs.js';
import { ShutdownGate, type ShutdownLedger } from './shutdown.gate.js';

/** What a worker process may be told beside the options of the module. */
export interface PoolOptions {
  /** Jobs at a time per queue; wins over everything else. */
  readonly concurrency?: number;
  /** The only queues to work on. */
  readonly queues?: readonly string[];
}

/** One engine worker per queue. Nothing of it exists before `start`, which only `runWorker` calls. */
@Injectable()
export class WorkerPool {
  private readonly logger = new Logger('ScalrQueue');
  private readonly workers: ManagedWorker[] = [];
  /** Settles when the workers take jobs: at once, or when Redis is there. */
  begun: Promise<void> = Promise.resolve();

  constructor(
    private readonly connections: RedisConnections,
    private readonly queues: QueueRegistry,
    private readonly catalog: JobCatalog,
    private readonly explorer: HandlerExplorer,
    private readonly runner: JobRunner,
    private readonly runningJobs: RunningJobs,
    private readonly gate: ShutdownGate,
    private readonly bridge: ProcessorBridge,
    private readonly cancels: CancelWatcher,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  /**
   * Finds the handlers and starts to take jobs.
   * @throws DuplicateHandlerError, QueueConfigError
   */
  start(pool: PoolOptions): void {
    const handlers = this.explorer.explore();
    this.runner.use(handlers);
    const queues = selectQueues(handlers, pool.queues, this.bridge.queues());
    const bridged = this.bridge.start(
      (name, processor, own) =>
        this.create(name, processor, { ...own, ...this.base(pool, name, own.concurrency) }),
      queues,
    );
    for (const name of queuesOf(handlers)) {
      if (!queues.has(name)) continue;
      this.create(name, (job, token) => this.runner.run(job, token), this.base(pool, name));
    }
    for (const { definition } of handlers.values()) this.catalog.record(definition);
    this.begun = this.begin(queues);
    this.cancels.start();
    const jobs = handlers.size + bridged;
    this.logger.log(
      `Working on ${jobs} kinds of jobs in the queues ${[...queues].toSorted().join(', ') || '(none)'}`,
    );
  }

  get queueNames(): string[] {
    return [...new Set(this.workers.map((worker) => worker.name))];
  }

  get running(): number {
    return this.workers.reduce((sum, worker) => sum + worker.runningCount, 0);
  }

  /** What became of the jobs that ran when the shutdown began. */
  get ledger(): Readonly<ShutdownLedger> {
    return this.gate.ledger;
  }

  /** Whether every worker takes jobs. */
  get accepting(): boolean {
    return !this.gate.draining && this.workers.every((worker) => worker.isRunning());
  }

  /** Stops taking jobs at once; resolves when the running ones have ended. */
  async drain(): Promise<void> {
    this.gate.drain();
    await Promise.all(this.workers.map((worker) => worker.close()));
    this.cancels.stop();
  }

  /** The running jobs have no more time: abort their signals and give them back. */
  endPatience(): void {
    this.gate.endPatience();
    this.cancels.stop();
    this.runningJobs.abortAll(this.gate.patience.reason as Error);
  }

  private async begin(queues: ReadonlySet<string>): Promise<void> {
    this.connections.worker();
    await this.connections.whenReady();
    // Before the first job: it may already be one too many.
    await Promise.all([...queues].map((name) => this.queues.writeLimits(name)));
    if (!this.gate.draining) for (const worker of this.workers) this.run(worker);
  }

  private create(
    ...[name, processor, options]: [string, ConstructorParameters<typeof ManagedWorker>[1], WorkerOptions]
  ): ManagedWorker {
    const worker = new ManagedWorker(name, processor, options, this.gate);
    worker.on('error', (error) => this.connections.log.trouble(error));
    worker.on('lockRenewalFailed', (storedIds: string[]) => {
      for (const storedId of storedIds) this.loseLock(worker, storedId);
    });
    this.workers.push(worker);
    return worker;
  }

  /** Another worker may run the job already: stop this run as soon as possible. */
  private loseLock(worker: ManagedWorker, storedId: string): void {
    const id = fromStoredId(storedId);
    this.logger.warn(
      `Lost the lock of job ${id} in ${worker.name}: it may run twice. Was this process paused or blocked?`,
    );
    this.runningJobs.abort(
      worker.name,
      storedId,
      new Error('the lock of the job was lost, it may run elsewhere'),
    );
    worker.cancelJob(storedId, 'the lock of the job was lost');
  }

  private run(worker: ManagedWorker): void {
    worker.run().catch((error: Error) => this.connections.log.trouble(error));
  }

  private base({ concurrency }: PoolOptions, queue: string, own?: number): WorkerOptions {
    const { worker, queues, prefix } = this.options;
    return {
      connection: this.connections.worker(),
      prefix,
      name: `${hostname()}.${process.pid}`.replace(/[^A-Za-z0-9_.-]/g, '-'),
      concurrency: concurrency ?? queues.get(queue)?.concurrency ?? own ?? worker.concurrency,
      lockDuration: worker.lockDuration,
      stalledInterval: worker.stalledInterval,
      maxStalledCount: worker.maxCrashes - 1,
      drainDelay: DRAIN_DELAY_SECONDS,
      // How soon a completion that Redis did not take is tried again; the engine's default is 15 s.
      runRetryDelay: 500,
      settings: { backoffStrategy: attemptBackoff },
    };
  }
}

function queuesOf(handlers: ReadonlyMap<string, JobHandler>): Set<string> {
  return new Set([...handlers.values()].map(({ definition }) => definition.queue));
}

/** The queues to work on: those with handlers, less those that the process was told to leave alone. */
function selectQueues(
  handlers: ReadonlyMap<string, JobHandler>,
  wanted: readonly string[] | undefined,
  bridged: readonly string[],
): Set<string> {
  const own = queuesOf(handlers);
  const shared = bridged.find((name) => own.has(name));
  if (shared !== undefined) {
    throw new QueueConfigError(
      `the queue "${shared}" has both @ProcessJob handlers and a @Processor class: each would take the other's jobs. Give one of them another queue.`,
    );
  }
  const known = new Set([...own, ...bridged]);
  if (!wanted) return known;
  for (const name of wanted) {
    if (known.has(name)) continue;
    throw new QueueConfigError(
      `unknown queue "${name}" in SCALR_WORKER_QUEUES (or the option queues): handlers exist for ${[...known].toSorted().join(', ') || 'none'}`,
    );
  }
  return new Set(wanted);
}
