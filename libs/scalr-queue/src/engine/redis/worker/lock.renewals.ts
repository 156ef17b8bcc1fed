import type { LockLostCause } from '../../../contract/lock-lost-cause.js';
import type { WorkerHooks } from '../../engine-worker.js';
import type { StoredJob } from '../../stored-job.js';
import { isRefusal } from '../connection/redis-error.js';
import type { WorkerParts } from './worker.parts.js';

/** Of the life of a lock, how long a renewal may be without an answer until that is why the lock was lost. */
const SILENCE = 0.5;

/** How it went with the lock of a run since it was renewed last. */
interface Renewal {
  /** When it was renewed, in epoch milliseconds. */
  readonly at: number;
  readonly trouble?: Extract<LockLostCause, 'refused' | 'unanswered'>;
}

/** Renews the locks of the jobs that run, and knows of each why that did not work. */
export class LockRenewals {
  private readonly renewals = new WeakMap<StoredJob, Renewal>();

  constructor(
    private readonly parts: Pick<WorkerParts, 'locks' | 'connections' | 'app'>,
    private readonly hooks: Pick<WorkerHooks, 'turnedSince'>,
  ) {}

  /**
   * Locks that are gone are taken again where nobody has the job: only what another run has is lost.
   *
   * @param extend asks Redis, and resolves with the ids whose lock is gone
   * @returns the ids that are lost; none when Redis refuses, for then nobody knows
   */
  async renew(
    ids: readonly string[],
    jobOf: (id: string) => (StoredJob & { readonly token?: string }) | undefined,
    extend: () => Promise<string[]>,
  ): Promise<string[]> {
    const at = this.parts.app.clock.now();
    const begin = performance.now();
    try {
      const gone = await extend();
      const silent =
        performance.now() - begin >= this.parts.app.worker.lockDuration * SILENCE &&
        this.hooks.turnedSince(begin);
      const states = await Promise.all(
        gone.map(async (id) => {
          const job = jobOf(id);
          const { locks } = this.parts;
          if (!job || locks.isGivenUp(job)) return 'held';
          const state = await locks.reclaim(job, job.token);
          return state === 'missing' && locks.comesBack(job) ? 'held' : state;
        }),
      );
      const lost = gone.filter((_id, index) => states[index] !== 'held');
      for (const id of ids) {
        const job = jobOf(id);
        if (!job) continue;
        if (!lost.includes(id)) this.renewals.set(job, { at });
        else if (silent) this.fails(job, 'unanswered');
      }
      this.parts.connections.log.locksRenewed();
      return lost;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      for (const id of ids) this.refused(jobOf(id));
      this.parts.connections.log.locksRefused(error as Error);
      return [];
    }
  }

  /** Redis refused to renew the lock, or the outcome of the run. */
  refused(job: StoredJob | undefined): void {
    if (job) this.fails(job, 'refused');
  }

  /** Why the lock of a run was not renewed in time. */
  causeOf(job: StoredJob): LockLostCause {
    const { at = job.processedOn ?? Infinity, trouble } = this.renewals.get(job) ?? {};
    const { lostAt = -Infinity } = this.parts.connections;
    if (lostAt >= at) return 'disconnected';
    return trouble ?? 'late';
  }

  private fails(job: StoredJob, trouble: Renewal['trouble']): void {
    const { at = job.processedOn ?? 0, trouble: first = trouble } = this.renewals.get(job) ?? {};
    this.renewals.set(job, { at, ...(first ? { trouble: first } : {}) });
  }
}
