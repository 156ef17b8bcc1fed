import { lockKey, queueKey } from '../keys.js';
import type { StoredJob } from '../../stored-job.js';
import { CRASHED } from '../../failure.js';
import type { ResolvedOptions } from '../../../config/resolved-options.js';
import { knownDefinition } from '../../effective-settings.js';
import { RECLAIM } from '../scripts/lock.scripts.js';
import { isLockLost } from '../connection/lost-lock.js';
import type { RedisConnections } from '../connection/redis.connections.js';

/**
 * How it stands with the lock of a run: it has it (again), another run has the job (`retaken`: one of the same worker), the attempt is
 * over, or Redis knows no such job.
 */
export type LockState = 'held' | 'taken' | 'retaken' | 'gone' | 'missing';

/** An outcome that was kept for longer is of no use: the run that had taken the job has ended since, or will not. */
const ENDED_TTL = 3_600_000;

/**
 * The locks of runs. A worker whose event loop was blocked, or that Redis could not hear, loses them though it is alive:
 * where nobody else runs the job meanwhile it takes them again, and its crash is none.
 */
export class JobLocks {
  /** Runs whose crash was taken back. */
  private readonly excused = new WeakSet<StoredJob>();
  private readonly givenUp = new WeakSet<StoredJob>();

  constructor(
    private readonly connections: RedisConnections,
    private readonly app: ResolvedOptions,
  ) {}

  /** @param ended how the run ended, as JSON: kept where another run has the job, for the case that this one is lost in turn */
  async reclaim(job: StoredJob, token: string | undefined, ended = ''): Promise<LockState> {
    const { id = '', queueName, attemptsMade, attemptsStarted } = job;
    const part = (name: string) => queueKey(this.app.prefix, queueName, name);
    const lists = ['active', 'wait', 'prioritized', 'delayed', 'stalled'].map(part);
    const keys = [part(id), lockKey(part(id)), ...lists];
    const excused = this.excused.has(job) ? 1 : 0;
    const args = [
      id,
      token ?? '',
      this.app.worker.lockDuration,
      attemptsMade,
      attemptsStarted,
      excused,
      CRASHED,
      ended,
    ];
    const reply = await this.connections.worker().eval(RECLAIM, keys.length, ...keys, ...args);
    const [state, tookBack] = reply as [LockState, number];
    if (tookBack === 1) this.excused.add(job);
    return state;
  }

  /** Whether the outbox sends the job again when Redis has lost it: its run has only to wait for that. */
  comesBack({ name }: StoredJob): boolean {
    return this.app.outbox !== undefined && knownDefinition(name, this.app)?.settings.durable === true;
  }

  /** Whether the run has written, or is about to write, what ends it: that its lock is gone then is no loss. */
  isGivenUp(job: StoredJob): boolean {
    return this.givenUp.has(job);
  }

  giveUp(job: StoredJob): void {
    this.givenUp.add(job);
  }

  /** Writes what ends the run, and its lock with it. A renewal that comes late would take it again, for a run that is none any more. */
  async givingUp<T>(job: StoredJob, write: () => Promise<T>): Promise<T> {
    this.givenUp.add(job);
    try {
      return await write();
    } catch (error) {
      this.givenUp.delete(job);
      throw error;
    }
  }

  /** The same, with a lock that was lost taken again where that can be. */
  async holding<T>(job: StoredJob, token: string | undefined, write: () => Promise<T>): Promise<T> {
    try {
      return await this.givingUp(job, write);
    } catch (error) {
      if (!isLockLost(error) || (await this.reclaim(job, token)) !== 'held') throw error;
      return this.givingUp(job, write);
    }
  }

  /** How a run of this attempt ended that lost its lock to one which lost it in turn; undefined where there was none. */
  async endedBefore(job: StoredJob): Promise<unknown> {
    const { stalledCounter = 0 } = job;
    if (stalledCounter === 0) return undefined;
    const key = queueKey(this.app.prefix, job.queueName, job.id ?? '');
    const [text, crashes] = await this.connections.worker().hmget(key, 'scalr:ended', 'scalr:endedStc');
    if (!text || stalledCounter <= Number(crashes)) return undefined;
    const { attempt, at, ...ended } = JSON.parse(text) as { attempt?: number; at?: number };
    const isCurrent = attempt === job.attemptsMade && this.app.clock.now() - (at ?? 0) < ENDED_TTL;
    return isCurrent ? ended : undefined;
  }
}
