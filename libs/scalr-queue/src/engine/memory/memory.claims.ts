import { DEFAULT_KEEP_IDS, KEEP_OWN_IDS } from '../../contract/defaults.js';
import { fromStoredId } from '../job-id.js';
import type { MemoryJob } from './memory.job.js';
import type { Clock } from '../../config/clock.js';

interface Holder {
  readonly id: string;
  /** Epoch milliseconds; absent where the key is taken until the job has finished. */
  readonly until?: number;
}

const OWN_ID = /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[\da-f]{4}-[\da-f]{12}$/;

/** Who holds which unique key of a queue, who follows a holder, and which ids are remembered. */
export class MemoryClaims {
  private readonly holders = new Map<string, Holder>();
  /** By unique key: the job that runs after the one that runs now. */
  private readonly following = new Map<string, MemoryJob>();
  private readonly ended = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  clear(): void {
    this.holders.clear();
    this.following.clear();
    this.ended.clear();
  }

  /** Id of the job that holds the unique key of this one. */
  holderOf({ opts }: Pick<MemoryJob, 'opts'>): string | undefined {
    const key = opts.deduplication?.id;
    const holder = key === undefined ? undefined : this.holders.get(key);
    return holder && (holder.until ?? Infinity) > this.clock.now() ? holder.id : undefined;
  }

  hold(job: MemoryJob): void {
    const { id, ttl } = job.opts.deduplication ?? {};
    if (id !== undefined)
      this.holders.set(id, { id: job.id, ...(ttl ? { until: this.clock.now() + ttl } : {}) });
  }

  /**
   * @param anyway also where a window is left
   * @returns the job that runs next
   */
  release(job: MemoryJob, anyway: boolean): MemoryJob | undefined {
    const key = job.opts.deduplication?.id;
    if (key === undefined || this.holders.get(key)?.id !== job.id) return undefined;
    const next = this.following.get(key);
    if (anyway || next || this.holders.get(key)?.until === undefined) this.holders.delete(key);
    this.following.delete(key);
    return next;
  }

  follow(job: MemoryJob): void {
    this.following.set(job.opts.deduplication?.id ?? '', job);
  }

  follower({ opts }: Pick<MemoryJob, 'opts'>): MemoryJob | undefined {
    return this.following.get(opts.deduplication?.id ?? '');
  }

  follows(job: MemoryJob): boolean {
    return this.follower(job) === job;
  }

  /** It does not run any more. */
  unfollow(job: MemoryJob): void {
    if (this.follows(job)) this.following.delete(job.opts.deduplication?.id ?? '');
  }

  remember({ id, memory }: MemoryJob): void {
    const ms = memory ?? (OWN_ID.test(fromStoredId(id)) ? KEEP_OWN_IDS : DEFAULT_KEEP_IDS);
    if (ms > 0) this.ended.set(id, this.clock.now() + ms);
  }

  remembers(id: string): boolean {
    return (this.ended.get(id) ?? 0) > this.clock.now();
  }
}
