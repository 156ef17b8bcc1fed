import { counted } from '../contract/counted.js';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Job } from 'bullmq';
import { JobCatalog } from '../engine/redis/job.catalog.js';
import { Preflight } from '../engine/redis/preflight/preflight.js';
import { QueueRegistry } from '../engine/redis/queue.registry.js';
import { RedisConnections } from '../engine/redis/connection/redis.connections.js';
import { Retention } from '../retention/retention.service.js';
import { WorkerRegistry } from '../engine/redis/worker.registry.js';
import { describeProgram, otherPrograms } from '../contract/worker-info.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import { ScheduleKeeper } from '../scheduling/schedule.keeper.js';
import { BlockWatch } from './block.watch.js';
import { CancelWatcher } from './cancel.watcher.js';
import { ForeignWorkers } from '../engine/redis/worker/foreign.workers.js';
import { FormerQueues } from './former.queues.js';
import { HandlerExplorer, type JobHandler } from './handler.explorer.js';
import { JobRunner } from './job.runner.js';
import type { ManagedWorker } from './managed.worker.js';
import { ProcessorBridge } from './processor.bridge.js';
import { queuesOf, selectQueues } from './queue-selection.js';
import { RunningJobs } from './running.jobs.js';
import { ShutdownGate, type ShutdownLedger } from './shutdown.gate.js';
import { WorkerFactory } from './worker.factory.js';
import { WorkerHeartbeat } from './worker.heartbeat.js';

/** Running jobs that a sign of life names. */
const TOLD_JOBS = 20;

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
  private handlers: ReadonlyMap<string, JobHandler> = new Map();
  private queues: ReadonlySet<string> = new Set();
  private started = false;
  /** Settles when the workers take jobs: at once, or when Redis is there and fit for it. */
  begun: Promise<void> = Promise.resolve();

  constructor(
    private readonly connections: RedisConnections,
    private readonly preflight: Preflight,
    private readonly registry: QueueRegistry,
    private readonly catalog: JobCatalog,
    private readonly explorer: HandlerExplorer,
    private readonly runner: JobRunner,
    private readonly runningJobs: RunningJobs,
    private readonly gate: ShutdownGate,
    private readonly bridge: ProcessorBridge,
    private readonly foreign: ForeignWorkers,
    private readonly cancels: CancelWatcher,
    private readonly factory: WorkerFactory,
    private readonly heartbeat: WorkerHeartbeat,
    private readonly retention: Retention,
    private readonly schedules: ScheduleKeeper,
    private readonly workersOfApp: WorkerRegistry,
    private readonly blocks: BlockWatch,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    private readonly former: FormerQueues,
  ) {}

  /**
   * Finds the handlers and checks their schedules.
   * @throws DuplicateHandlerError, QueueConfigError
   */
  async prepare(): Promise<void> {
    this.handlers = this.explorer.explore();
    await this.schedules.prepare(this.handlers.values());
  }

  /**
   * Starts to take jobs.
   * @throws QueueConfigError
   */
  start(options: PoolOptions): void {
    const { handlers } = this;
    this.runner.use(handlers);
    const bridged = this.bridge.queues();
    if (handlers.size + bridged.length === 0)
      this.logger.warn(
        'This worker has no handler and will run no jobs: no provider of its module has a method with @ProcessJob. ' +
          'Import the modules with the handlers into the module given to runWorker.',
      );
    this.queues = selectQueues(handlers, options.queues, bridged);
    for (const { definition } of handlers.values()) this.catalog.record(definition);
    for (const queue of this.bridge.queues()) this.catalog.recordQueue(queue);
    this.begun = this.begin(handlers, options);
  }

  get queueNames(): string[] {
    return [...this.queues];
  }

  /** As of `WorkerInfo`. */
  get workerId(): string {
    return this.heartbeat.id;
  }

  get running(): number {
    return this.workers.reduce((sum, worker) => sum + worker.runningCount, 0);
  }

  /** Whether any job runs in this process, also one of a queue that is none of this app. */
  get busy(): boolean {
    return this.running > 0 || this.foreign.running > 0;
  }

  /** What became of the jobs that ran when the shutdown began. */
  get ledger(): Readonly<ShutdownLedger> {
    return this.gate.ledger;
  }

  /** Whether every worker takes jobs. */
  get accepting(): boolean {
    return (
      this.started &&
      !this.gate.draining &&
      this.workers.every((worker) => worker.isRunning() && !worker.refused)
    );
  }

  /** Stops taking jobs at once; resolves when the running ones have ended. */
  async drain(): Promise<void> {
    this.schedules.stop();
    this.former.stop();
    this.gate.drain();
    this.heartbeat.beat();
    await Promise.all([...this.workers, this.foreign].map((worker) => worker.close()));
    this.cancels.stop();
    this.blocks.stop();
  }

  /** The running jobs have no more time: abort their signals and give them back. */
  endPatience(): void {
    this.gate.endPatience();
    this.cancels.stop();
    this.blocks.stop();
    this.runningJobs.abortAll(this.gate.patience.reason as Error);
  }

  /** The workers are closed as far as they can be: whoever else closes one need not wait for a Redis that does not answer. */
  leave(): void {
    for (const worker of this.workers) worker.close = () => Promise.resolve();
    this.foreign.leave();
  }

  /** The engine's workers are made late: one made while Redis refuses INFO is spoilt for the life of the process. */
  private async begin(
    handlers: ReadonlyMap<string, JobHandler>,
    { concurrency }: PoolOptions,
  ): Promise<void> {
    this.connections.worker();
    await this.connections.whenReady();
    await this.preflight.untilFit('worker', this.gate.drainSignal);
    // Before the first job: it may already be one too many.
    await Promise.all([...this.queues].map((name) => this.registry.writeLimits(name)));
    if (this.gate.draining) return;
    const bridged = this.bridge.start((queue, processor, own) => {
      const worker = this.factory.create(queue, processor, concurrency, own);
      this.workers.push(worker);
      return worker;
    }, this.queues);
    for (const queue of queuesOf(handlers)) if (this.queues.has(queue)) this.addWorker(queue, concurrency);
    for (const worker of this.workers) this.run(worker);
    this.started = true;
    this.cancels.start();
    this.retention.watch(
      this.queues,
      [...handlers.values()].map(({ definition }) => definition),
    );
    this.schedules.introduce(this.heartbeat.identity, () => this.heartbeat.beat());
    this.blocks.start((name) => handlers.get(name)?.label);
    this.schedules.start();
    this.announce(handlers);
    void this.warnOfOthers();
    this.former.start(handlers, this.queues, (queue) => {
      this.logger.log(
        `Working on the queue ${queue} too: it holds jobs of definitions that have another queue now`,
      );
      this.run(this.addWorker(queue, concurrency));
      this.heartbeat.beat();
    });
    const names = [...this.queues].toSorted().join(', ') || '(none)';
    this.logger.log(`Working on ${counted(handlers.size + bridged, 'kind')} of jobs in the queues ${names}`);
  }

  /** Tells the other processes what this one can run. */
  private announce(handlers: ReadonlyMap<string, JobHandler>): void {
    const own = queuesOf(handlers);
    const queues = this.queueNames.toSorted();
    const jobs = [...handlers.values()].map(({ definition }) => definition);
    const abilities = {
      queues,
      jobs: jobs.filter(({ queue }) => this.queues.has(queue)).map(({ name }) => name),
      catchAllQueues: queues.filter((queue) => !own.has(queue)),
      handled: jobs.filter(({ queue }) => this.queues.has(queue)).map(({ name, queue }) => ({ name, queue })),
      unselectedQueues: [...own].filter((queue) => !this.queues.has(queue)),
    };
    this.heartbeat.start(() => ({
      ...abilities,
      queues: [...queues, ...this.former.names],
      running: this.running,
      runningJobs: this.runningJobs.first(TOLD_JOBS),
      draining: this.gate.draining,
      schedulesBoot: this.schedules.declared,
    }));
  }

  /** Two programs under one name take each other's jobs. */
  private async warnOfOthers(): Promise<void> {
    const self = this.heartbeat.identity;
    const workers = await this.workersOfApp.list().catch(() => []);
    const [other, ...more] = otherPrograms(self, workers);
    if (!other) return;
    this.logger.warn(
      `Two programs use the name "${this.options.app}": this one (${describeProgram(self)}) and ${describeProgram(other)}` +
        `${more.length > 0 ? `, and ${counted(more.length, 'more worker')}` : ''}. They take each other's jobs: give one of them another SCALR_APP.`,
    );
  }

  private addWorker(queue: string, concurrency: number | undefined): ManagedWorker {
    const processor = Object.assign((job: Job, token: string | undefined) => this.runner.run(job, token), {
      handles: (name: string) => this.runner.handles(name),
    });
    const worker = this.factory.create(queue, processor, concurrency);
    this.workers.push(worker);
    return worker;
  }

  private run(worker: ManagedWorker): void {
    worker.run().catch((error: Error) => this.connections.log.trouble(error));
  }
}
