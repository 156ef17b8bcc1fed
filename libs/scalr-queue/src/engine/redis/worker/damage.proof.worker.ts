import { type Job, type JobJson, type Processor, WaitingError, Worker, type WorkerOptions } from 'bullmq';
import type { RedisClient } from '../connection/redis.client.js';
import { nameOfStoredId } from '../../job-id.js';
import type { StoredFault } from '../../stored-fault.js';
import type { AttemptFailure } from '../../attempt-failure.js';
import { DamagedJobs, failureOf } from './damaged.jobs.js';

/**
 * BullMQ's worker that ends a job which it cannot make anything of, and goes on with the next one. Upstream: each job is taken by
 * `moveToActive`, and made by `createJob`.
 */
export class DamageProofWorker extends Worker {
  private readonly damaged: DamagedJobs;

  /** @param onMissing hears of a job whose data is gone */
  constructor(
    queue: string,
    processor: Processor,
    options: WorkerOptions,
    redis: RedisClient,
    private readonly onMissing: (job: Job) => void,
  ) {
    super(queue, processor, options);
    this.damaged = new DamagedJobs(this.backend, redis, (storedId, failure) => {
      const stored = { name: nameOfStoredId(storedId) ?? 'unknown', timestamp: Date.now() } as JobJson;
      const job = super.createJob(this.damaged.replace(stored, storedId), storedId);
      this.damaged.take(storedId);
      this.reportDead(job, failure);
    });
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
    try {
      const isDead = await this.damaged.bury(job.id ?? '', token ?? '', failure);
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
    if (failure.kind === 'data-missing') this.onMissing(job);
    this.emit('failed', job, failure, 'active');
  }
}
