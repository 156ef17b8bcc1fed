import { Injectable, Logger } from '@nestjs/common';
import { counted } from '../contract/counted.js';
import { WorkerEngine } from '../engine/engine-worker.js';
import { QueueEngine } from '../engine/queue.engine.js';
import type { JobHandler } from './handler.explorer.js';
import { HandlerSelection, type WorkerJobs } from './handler.selection.js';
import { queuesOf } from './queue-selection.js';
import { QueueWorkers } from './queue.workers.js';
import { ShutdownController, type ShutdownSummary } from './shutdown.controller.js';
import { WorkerBackground } from './worker.background.js';

/** What a worker process may be given beside the options of the module. */
export interface PoolOptions {
  /** Jobs at a time per queue; wins over everything else. */
  readonly concurrency?: number | undefined;
  /** The only queues to work on. */
  readonly queues?: readonly string[] | undefined;
}

/** All that runs jobs in this process. Nothing of it is connected or started before `start`, which only `runWorker` calls. */
@Injectable()
export class WorkerPool {
  private readonly logger = new Logger('ScalrQueue');
  private queues: ReadonlySet<string> = new Set();
  private started = false;

  constructor(
    private readonly selection: HandlerSelection,
    private readonly engine: QueueEngine,
    private readonly workerEngine: WorkerEngine,
    private readonly workers: QueueWorkers,
    private readonly background: WorkerBackground,
    private readonly shutdown: ShutdownController,
  ) {}

  /**
   * Finds the handlers and checks their schedules.
   * @throws DuplicateHandlerError, QueueConfigError
   */
  prepare(): Promise<ReadonlyMap<string, JobHandler>> {
    return this.selection.explore();
  }

  /**
   * Starts to take jobs.
   * @param handlers those of `prepare`
   * @returns settles when the workers take jobs: at once, or when Redis is there and fit for it
   * @throws QueueConfigError
   */
  start(handlers: ReadonlyMap<string, JobHandler>, options: PoolOptions): Promise<void> {
    const jobs = this.selection.select(handlers, options.queues);
    this.queues = jobs.queues;
    return this.begin(jobs, options.concurrency);
  }

  get queueNames(): string[] {
    return [...this.queues];
  }

  /** As of `WorkerInfo`. */
  get workerId(): string {
    return this.background.workerId;
  }

  get running(): number {
    return this.workers.runningCount;
  }

  /** Whether any job runs in this process, also one of a queue that is none of this app. */
  get busy(): boolean {
    return this.workers.busy;
  }

  /** What became of the jobs that ran when the shutdown began. */
  get summary(): Readonly<ShutdownSummary> {
    return this.shutdown.summary;
  }

  /** Whether every worker takes jobs. */
  get accepting(): boolean {
    return this.started && !this.shutdown.draining && this.workers.accepting;
  }

  /** Stops taking jobs at once; resolves when the running ones have ended. */
  async drain(): Promise<void> {
    this.shutdown.drain();
    this.background.drain();
    await this.workers.close();
    await this.background.settle();
    this.background.stop();
  }

  /** The running jobs have no more time: aborts their signals and releases them. */
  force(): void {
    this.shutdown.force();
    this.background.stop();
    this.workers.abortAll(this.shutdown.forceSignal.reason as Error);
  }

  /** The workers are closed as far as they can be: whoever else closes one need not wait for a Redis that does not answer. */
  leave(): void {
    this.workers.leave();
  }

  private async begin(jobs: WorkerJobs, concurrency: number | undefined): Promise<void> {
    const { handlers, queues } = jobs;
    await this.workerEngine.open(this.shutdown.drainSignal);
    // Before the first job: it may already be one too many.
    await Promise.all([...queues].map((name) => this.engine.queues.writeLimits(name)));
    if (this.shutdown.draining) return;
    const bridged = this.workers.addProcessors(queues, concurrency);
    for (const queue of queuesOf(handlers))
      if (queues.has(queue)) this.workers.add(queue, { handlers, concurrency });
    this.workers.start();
    this.started = true;
    this.background.start(jobs, this.workers, (queue) => {
      this.logger.log(
        `Working on the queue ${queue} too: it holds jobs of definitions that have another queue now`,
      );
      this.workers.add(queue, { handlers, concurrency }).start();
    });
    const names = [...queues].toSorted().join(', ') || '(none)';
    this.logger.log(`Working on ${counted(handlers.size + bridged, 'kind')} of jobs in the queues ${names}`);
  }
}
