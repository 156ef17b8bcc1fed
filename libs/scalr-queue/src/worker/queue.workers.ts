import { Inject, Injectable } from '@nestjs/common';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import {
  type EngineWorker,
  type NativeProcessor,
  type RunJob,
  WorkerEngine,
  type WorkerHooks,
} from '../engine/engine-worker.js';
import type { StoredJob } from '../engine/stored-job.js';
import { inJob } from '../observability/job-scope.js';
import { Retention } from '../retention/retention.service.js';
import { Tracing } from '../tracing/tracing.js';
import type { JobHandler } from './handler.explorer.js';
import { stringifiable } from './job.result.js';
import { DeadFollowUps } from './dead.follow-ups.js';
import { JobReporter } from './job.reporter.js';
import { JobRunner } from './job.runner.js';
import { RunningJobs } from './running.jobs.js';

/** How the jobs of a queue are run. */
export interface QueueWork {
  readonly handlers: ReadonlyMap<string, JobHandler>;
  /** Jobs at a time. */
  readonly concurrency?: number | undefined;
}

/** The engine's workers of this process, one per queue. They run `@ProcessJob` handlers and `@Processor` classes. */
@Injectable()
export class QueueWorkers {
  private readonly workers: EngineWorker[] = [];
  private readonly traceIdOf: (job: StoredJob) => string | undefined;

  constructor(
    private readonly engine: WorkerEngine,
    private readonly runner: JobRunner,
    private readonly reporter: JobReporter,
    private readonly running: RunningJobs,
    private readonly retention: Retention,
    tracing: Tracing,
    private readonly followUps: DeadFollowUps,
    @Inject(RESOLVED_OPTIONS) private readonly app: ResolvedOptions,
  ) {
    this.traceIdOf = (job) => tracing.traceId(job);
  }

  /** Jobs that run in them. */
  get runningCount(): number {
    return this.workers.reduce((sum, worker) => sum + worker.runningCount, 0);
  }

  /** Whether any job runs, also one of a queue that is none of this app. */
  get busy(): boolean {
    return this.runningCount > 0 || this.engine.processors.foreignCount > 0;
  }

  /** Whether each of them takes jobs. */
  get accepting(): boolean {
    return this.workers.every((worker) => worker.accepting);
  }

  /** The jobs that run in them. */
  jobs(): StoredJob[] {
    return this.workers.flatMap((worker) => [...worker.runningJobs()]);
  }

  /** Makes a worker that runs the jobs of a queue. @param handlers all of the process */
  add(queue: string, work: QueueWork): EngineWorker {
    const { concurrency } = work;
    const handlers = this.followUps.withHandler(work.handlers);
    const run: RunJob = (job, token) =>
      inJob(
        job,
        () => this.runner.run(job, token, handlers.get(job.name)),
        this.traceIdOf,
        this.app.logFields,
      );
    const handles = (name: string) => handlers.has(name);
    const worker = this.engine.worker(queue, run, { concurrency, handles }, this.reporter);
    this.workers.push(worker);
    return worker;
  }

  /** Makes the workers of the `@Processor` classes. @returns how many there are in these queues */
  addProcessors(queues: ReadonlySet<string>, concurrency: number | undefined): number {
    // Their queues have no handler for what follows a death: its job would be given to the `process` of the app.
    const hooks = Object.create(this.reporter, { dying: { value: undefined } }) as WorkerHooks;
    const adopt = (processor: NativeProcessor) => this.adopt(processor);
    const made = this.engine.processors.start(queues, adopt, { concurrency }, hooks);
    this.workers.push(...made);
    return made.length;
  }

  /** Starts all that were made. */
  start(): void {
    for (const worker of this.workers) worker.start();
  }

  /** They take no more jobs; resolves when the running ones have ended. */
  async close(): Promise<void> {
    const { processors } = this.engine;
    await Promise.all([...this.workers.map((worker) => worker.close()), processors.closeForeign()]);
  }

  /** The runs have no more time: aborts their signals. */
  abortAll(reason: Error): void {
    this.running.abortAll(reason);
  }

  /** They are closed as far as they can be: whoever else closes one need not wait for a store that does not answer. */
  leave(): void {
    for (const worker of this.workers) worker.leave();
    this.engine.processors.leaveForeign();
  }

  private adopt(processor: NativeProcessor): RunJob {
    this.retention.watchForeign(processor.queue, processor.keep);
    const { queue } = processor;
    return (job, token, signal) => {
      const { id = '', processedOn: startedAt = 0 } = job;
      const abort = ({ message }: Error) => processor.cancel(id, message);
      // Its process method may not be asynchronous, and may throw.
      const work = async () => {
        const run = this.running.add({ queue, storedId: id, startedAt, attempt: { abort } });
        try {
          return stringifiable(`result of ${job.name}`, await processor.run(job, token, signal));
        } finally {
          this.running.remove(run);
        }
      };
      return inJob(job, work, this.traceIdOf, this.app.logFields);
    };
  }
}
