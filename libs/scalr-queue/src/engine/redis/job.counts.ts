import { lockKey, queueKey } from './keys.js';
import { Inject, Injectable } from '@nestjs/common';
import type { StoredJob } from '../stored-job.js';
import type { ResolvedOptions } from '../../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../../config/tokens.js';
import { JobLocks } from './job.locks.js';
import { FORGIVE, NOTE_IDLE } from './scripts/job-counts.scripts.js';
import { RedisConnections } from './connection/redis.connections.js';

/**
 * The engine counts starts, whatever came of them. Here those that came to no run of a handler are counted with the job:
 * it was put aside, handed back before it could run, or its payload could not be checked. Nothing is read or written for a
 * job that just runs.
 */
@Injectable()
export class JobCounts {
  constructor(
    private readonly connections: RedisConnections,
    private readonly locks: JobLocks,
    @Inject(RESOLVED_OPTIONS) private readonly app: ResolvedOptions,
  ) {}

  /** Whether a handler has run the job before the start that is under way. */
  async hasRun(job: StoredJob): Promise<boolean> {
    if (job.attemptsStarted <= 1) return false;
    // Put back by hand by release 0.1.0, which leaves the count alone.
    if (job.attemptsMade === 0 && (job.stacktrace?.length ?? 0) > 0) return true;
    return job.attemptsStarted - 1 > (await this.idleStarts(job));
  }

  /** A run that ended by itself: crashes are counted anew. */
  async snooze(job: StoredJob, token: string | undefined, delay: number): Promise<void> {
    await this.forgive(job, token);
    await this.putAside(job, token, delay);
  }

  /** Puts a job aside for a while. */
  async putAside(job: StoredJob, token: string | undefined, delay: number): Promise<void> {
    await this.locks.holding(job, token, () => job.moveToDelayed(this.app.clock.now() + delay, token));
  }

  /** The start that is under way comes to no run. */
  async noteIdle(job: StoredJob, token: string | undefined): Promise<void> {
    await this.evaluate(NOTE_IDLE, job, token);
  }

  /** The run has ended by itself: crashes are counted anew. */
  async forgive(job: StoredJob, token: string | undefined): Promise<void> {
    if ((job.stalledCounter ?? 0) > 0) await this.evaluate(FORGIVE, job, token);
  }

  protected async idleStarts(job: StoredJob): Promise<number> {
    return Number((await this.connections.worker().hget(this.keyOf(job), 'scalr:idle')) ?? 0);
  }

  private async evaluate(script: string, job: StoredJob, token = ''): Promise<void> {
    const key = this.keyOf(job);
    await this.connections.worker().eval(script, 2, key, lockKey(key), token);
  }

  private keyOf(job: StoredJob): string {
    return queueKey(this.app.prefix, job.queueName, job.id ?? '');
  }
}
