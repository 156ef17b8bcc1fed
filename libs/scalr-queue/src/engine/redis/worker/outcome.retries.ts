import type { Job } from 'bullmq';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkerHooks } from '../../engine-worker.js';
import { isJobMissing, isLockLost } from '../connection/lost-lock.js';
import { isRefusal } from '../connection/redis-error.js';
import type { JobLocks } from './job.locks.js';
import type { LockRenewals } from './lock.renewals.js';
import { REFUSAL_PAUSE } from './until-accepted.js';

/** How often a lock that is lost while an outcome is written is taken again. */
const MAX_RECLAIMS = 5;
/** How long, in milliseconds, the run of a job that Redis has lost waits for the outbox to bring it back, and between two looks. */
const COMES_BACK_WITHIN = 15_000;
const LOOK_AGAIN = 200;

/** What the worker of the job does meanwhile. */
interface LockKeeper {
  /** Has the lock of a job renewed. */
  keepLock(storedId: string, token: string): void;
  dropLock(storedId: string): void;
  /** Redis refused the outcome. */
  refused(error: Error): void;
  /** Another run has the job, or it is over: there is no outcome to write. */
  lost(job: Job): void;
  /** The worker itself has taken the job once more, which was lost with Redis: the run that begins has this outcome. */
  leave(job: Job): void;
}

/**
 * Keeps at the outcome of a run until Redis takes it. BullMQ takes a refused completion for a failure of the job, and drops a refused
 * failure: the job would run again. A lock that is gone is taken again where nobody else has the job; else there is no outcome to write.
 */
export class OutcomeRetries {
  constructor(
    private readonly locks: JobLocks,
    private readonly renewals: LockRenewals,
    private readonly hooks: Pick<WorkerHooks, 'force' | 'unsettled'>,
    private readonly keeper: LockKeeper,
  ) {}

  /**
   * @param refusal what the first write was answered with
   * @param ended how the run ended, as JSON, for a run that has the job meanwhile and is lost in turn
   * @throws what the write fails with for another reason
   */
  async write<T>(
    refusal: unknown,
    job: Job,
    token: string,
    write: () => Promise<T>,
    ended: () => string,
  ): Promise<T> {
    const { hooks, keeper } = this;
    const id = job.id ?? '';
    let error = refusal;
    let reclaims = 0;
    const patience = this.locks.comesBack(job) ? performance.now() + COMES_BACK_WITHIN : 0;
    const mayComeBack = () => performance.now() < patience && !hooks.force.aborted;
    try {
      for (;;) {
        const isMissing = isJobMissing(error) && mayComeBack();
        const isLost = (isLockLost(error) || isMissing) && reclaims < MAX_RECLAIMS;
        if (!isLost && !isRefusal(error)) throw error;
        if (!isLost && hooks.force.aborted) {
          // Not thrown: BullMQ would take it for a failure of the job.
          hooks.unsettled(job);
          return undefined as T;
        }
        if (!isLost) {
          keeper.refused(error as Error);
          this.renewals.refused(job);
          // BullMQ has let go of the lock; keep it while we try.
          keeper.keepLock(id, token);
          await sleep(REFUSAL_PAUSE, undefined, { signal: hooks.force }).catch(() => undefined);
        }
        try {
          const state = isLost ? await this.locks.reclaim(job, token, ended()) : 'held';
          if (state === 'missing' && mayComeBack()) {
            await sleep(LOOK_AGAIN, undefined, { signal: hooks.force }).catch(() => undefined);
            continue;
          }
          // Not before: one that Redis refused is none.
          if (isLost) reclaims++;
          if (state !== 'held') {
            if (state === 'retaken' && this.locks.comesBack(job)) keeper.leave(job);
            else keeper.lost(job);
            return undefined as T;
          }
          return await write();
        } catch (next) {
          error = next;
        }
      }
    } finally {
      keeper.dropLock(id);
    }
  }
}
