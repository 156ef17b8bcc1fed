import {
  type Job,
  type JobJson,
  type Processor,
  raw2NextJobData,
  WaitingError,
  Worker,
  type WorkerOptions,
} from 'bullmq';
import type { RedisClient } from '../connection/redis.client.js';
import { usesFastPath } from '../fast-path.js';
import { nameOfStoredId } from '../../job-id.js';
import type { WorkerHooks } from '../../engine-worker.js';
import type { StoredFault } from '../../stored-fault.js';
import type { AttemptFailure } from '../../attempt-failure.js';
import { DamagedJobs, failureOf } from './damaged.jobs.js';
import { FinishBatches, type Takings } from './finish.batches.js';
import type { FinishSettings } from './finish.calls.js';
import type { WorkerParts } from './worker.parts.js';

/**
 * BullMQ's worker that ends a job which it cannot make anything of, and goes on with the next one. Upstream: each job is taken by
 * `moveToActive`, and made by `createJob`.
 */
export class DamageProofWorker extends Worker {
  private readonly damaged: DamagedJobs;
  /** What is made of jobs that are taken by calls of ours. */
  protected readonly takings: Takings = {
    read: (fetched) => raw2NextJobData(this.damaged.sift(fetched) as unknown[]),
    damaged: async (storedId, token) => {
      // One that cannot be ended now is found again when its lock has expired.
      await this.damaged.buryTaken(storedId, token).catch((error: Error) => this.emit('error', error));
    },
  };

  /** @param deaths who hears of a job that cannot be run */
  constructor(
    queue: string,
    processor: Processor,
    options: WorkerOptions,
    redis: RedisClient,
    private readonly deaths: Pick<WorkerHooks, 'dataMissing' | 'dying'>,
  ) {
    super(queue, processor, options);
    this.damaged = new DamagedJobs(this.backend, redis, (storedId, failure) => {
      const stored = { name: nameOfStoredId(storedId) ?? 'unknown', timestamp: Date.now() } as JobJson;
      const job = super.createJob(this.damaged.replace(stored, storedId), storedId);
      this.damaged.take(storedId);
      this.reportDead(job, failure);
    });
  }

  /**
   * Jobs end, and others are taken, many in one call; where the worker counts or limits in the engine's own way, one by one.
   * @returns whether they do
   */
  protected batchCompletions(parts: WorkerParts): boolean {
    const { concurrency, opts, backend } = this;
    if (opts.limiter || opts.metrics || !usesFastPath(parts.app)) return false;
    const redis = parts.connections.worker();
    const batches = new FinishBatches(backend, redis, this.finishSettings(parts), concurrency, this.takings);
    backend.moveToCompleted = (...args) => batches.finish(args);
    return true;
  }

  protected finishSettings({ app }: WorkerParts): FinishSettings {
    const { id, name: queue, opts } = this;
    return { id, queue, prefix: app.prefix, name: opts.name ?? '', lockDuration: app.worker.lockDuration };
  }

  protected override async moveToActive(token: string, name?: string): Promise<Job> {
    try {
      return await super.moveToActive(token, name);
    } catch (error) {
      if (await this.damaged.buryCulprit(error, token).catch(() => false))
        return DamageProofWorker.prototype.moveToActive.call(this, token, name);
      throw error;
    }
  }

  /** The engine throws over a payload that is no JSON: the job would be left until its lock expires. */
  protected override createJob(stored: JobJson, storedId: string): Job {
    try {
      return super.createJob(stored, storedId);
    } catch {
      return super.createJob(this.damaged.replace(stored, storedId), storedId);
    }
  }

  /** Whether a job that was handed over is damaged; reported once. */
  protected faultOf(job: Job): StoredFault | undefined {
    return this.damaged.take(job.id ?? '');
  }

  /** Ends a job that cannot be run. */
  protected async bury(job: Job, token: string | undefined, fault: StoredFault): Promise<never> {
    const failure = failureOf(fault);
    const { deaths } = this;
    try {
      const isTold = !deaths.dying || (await deaths.dying(job, failure));
      const isDead = isTold && (await this.damaged.bury(job.id ?? '', token ?? '', failure));
      if (isDead) this.reportDead(job, failure);
    } catch (error) {
      // It is found again when its lock has expired.
      this.emit('error', error as Error);
    }
    throw new WaitingError();
  }

  private reportDead(job: Job, failure: AttemptFailure): void {
    job.failedReason = failure.message;
    job.finishedOn = Date.now();
    if (failure.kind === 'data-missing') this.deaths.dataMissing(job);
    this.emit('failed', job, failure, 'active');
  }
}
