import { lockKey, queueKey } from '../keys.js';
import { startsBefore, wasRetriedByHand } from '../../job-starts.js';
import type { StoredJob } from '../../stored-job.js';
import type { ResolvedOptions } from '../../../config/resolved-options.js';
import type { JobLocks } from './job.locks.js';
import { FORGIVE, NOTE_IDLE } from '../scripts/job-counts.scripts.js';
import type { RedisConnections } from '../connection/redis.connections.js';

/**
 * The engine counts starts, whatever came of them. Here those that came to no run of a handler are counted with the job:
 * it was deferred, released before it could run, or its payload could not be checked. Nothing is read or written for a
 * job that just runs.
 */
export class JobCounts {
  constructor(
    private readonly connections: RedisConnections,
    private readonly locks: JobLocks,
    private readonly app: ResolvedOptions,
  ) {}

  /** Whether a handler has run the job before the start that is under way. */
  async hasRun(job: StoredJob): Promise<boolean> {
    return (
      job.attemptsStarted > 1 && (wasRetriedByHand(job) || startsBefore(job) > (await this.idleStarts(job)))
    );
  }

  /** A run that ended by itself: crashes are counted anew. */
  async snooze(job: StoredJob, token: string | undefined, delay: number): Promise<void> {
    await this.forgive(job, token);
    await this.defer(job, token, delay);
  }

  /** Puts a job off for a while. */
  async defer(job: StoredJob, token: string | undefined, delay: number): Promise<void> {
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

  /**
   * A crash in a queue, for the metrics of all processes: this one may be the next that the job kills, before anybody has read its own.
   * Sent at once, so before the job can be taken here.
   */
  countStall(queue: string): void {
    const key = queueKey(this.app.prefix, queue, 'meta');
    this.connections
      .worker()
      .hincrby(key, 'scalr:stalls', 1)
      .catch(() => undefined);
  }

  private async idleStarts(job: StoredJob): Promise<number> {
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
