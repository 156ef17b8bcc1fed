import type { Clock } from '../../config/clock.js';
import { type LockCall, type LockState, type LockStore, SHOWN_WAITERS } from '../shared.engine.js';

/** How long, in milliseconds, who waits is shown after it asked last. */
const WAITER_MARGIN = 10_000;

interface Held {
  readonly token: string;
  readonly who: string;
  readonly fence: number;
  readonly since: number;
  ends: number;
}

/** Locks in the memory of the process, by the clock of the test. */
export class MemoryLocks implements LockStore {
  private readonly held = new Map<string, Held>();
  private readonly fences = new Map<string, number>();
  private readonly waiters = new Map<string, Map<string, number>>();

  /** @param check throws where the queue does not work */
  constructor(
    private readonly clock: Clock,
    private readonly check: () => void,
  ) {}

  async acquire({ name, token, lease, who, waits }: LockCall) {
    this.check();
    const now = this.clock.now();
    const other = this.holderOf(name);
    const waiters = this.waiters.get(name) ?? new Map<string, number>();
    this.waiters.set(name, waiters);
    if (other) {
      if (waits) waiters.set(who, now + WAITER_MARGIN);
      return { heldFor: other.ends - now };
    }
    waiters.delete(who);
    const fence = Math.max(now * 1_000, (this.fences.get(name) ?? 0) + 1);
    this.fences.set(name, fence);
    this.held.set(name, { token, who, fence, since: now, ends: now + lease });
    return { fence };
  }

  async renew({ name, token, lease }: LockCall): Promise<boolean> {
    this.check();
    const holder = this.holderOf(name);
    if (holder?.token !== token) return false;
    holder.ends = this.clock.now() + lease;
    return true;
  }

  async release({ name, token }: LockCall): Promise<void> {
    this.check();
    if (this.holderOf(name)?.token === token) this.held.delete(name);
  }

  async list(): Promise<LockState[]> {
    this.check();
    const now = this.clock.now();
    return [...this.held.keys()].toSorted().flatMap((name) => {
      const holder = this.holderOf(name);
      if (!holder) return [];
      const waiters = [...(this.waiters.get(name) ?? [])].filter(([, until]) => until > now);
      return [
        {
          name,
          holder: holder.who,
          fence: holder.fence,
          heldFor: now - holder.since,
          expiresIn: holder.ends - now,
          waiters: waiters.slice(0, SHOWN_WAITERS).map(([who]) => who),
        },
      ];
    });
  }

  private holderOf(name: string): Held | undefined {
    const holder = this.held.get(name);
    return holder && holder.ends > this.clock.now() ? holder : undefined;
  }
}
