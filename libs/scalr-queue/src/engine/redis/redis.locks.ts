import type { ResolvedOptions } from '../../config/resolved-options.js';
import { type LockCall, type LockState, type LockStore, SHOWN_WAITERS } from '../shared.engine.js';
import type { RedisConnections } from './connection/redis.connections.js';
import { fenceKey, lockWaitsKey, sharedLockKey, sharedLocksKey } from './keys.js';
import { RedisScript } from './scripts/redis-script.js';
import { ACQUIRE_LOCK, RELEASE_LOCK, RENEW_LOCK } from './scripts/shared/lock.scripts.js';

const acquireLock = new RedisScript('scalrAcquireLock', ACQUIRE_LOCK);
const renewLock = new RedisScript('scalrRenewLock', RENEW_LOCK);
const releaseLock = new RedisScript('scalrReleaseLock', RELEASE_LOCK);

/** Locks that are listed. */
const MOST_LISTED = 1_000;

/** Locks in Redis, on one instance of it: the fence is what protects where that loses one. */
export class RedisLocks implements LockStore {
  constructor(
    private readonly connections: RedisConnections,
    private readonly app: Pick<ResolvedOptions, 'prefix'>,
  ) {}

  async acquire({ name, token, lease, who, waits }: LockCall) {
    const { prefix } = this.app;
    const keys = [
      sharedLockKey(prefix, name),
      fenceKey(prefix, name),
      lockWaitsKey(prefix, name),
      sharedLocksKey(prefix),
    ];
    const args = [token, lease * 1_000, who, name, waits ? 1 : 0];
    const reply = await acquireLock.run(this.connections.producer, keys, args);
    const [granted, number] = reply as [number, number];
    return granted === 1 ? { fence: number } : { heldFor: Math.ceil(number / 1_000) };
  }

  async renew({ name, token, lease }: LockCall): Promise<boolean> {
    const { prefix } = this.app;
    const keys = [sharedLockKey(prefix, name), sharedLocksKey(prefix)];
    return (await renewLock.run(this.connections.producer, keys, [token, lease * 1_000, name])) === 1;
  }

  async release({ name, token }: LockCall): Promise<void> {
    await releaseLock.run(this.connections.producer, [sharedLockKey(this.app.prefix, name)], [token]);
  }

  async list(): Promise<LockState[]> {
    const { producer } = this.connections;
    const time = await producer.time();
    const now = Number(time[0]) * 1_000_000 + Number(time[1]);
    const names = await producer.zrangebyscore(
      sharedLocksKey(this.app.prefix),
      now,
      '+inf',
      'LIMIT',
      0,
      MOST_LISTED,
    );
    const states = await Promise.all(names.toSorted().map((name) => this.stateOf(name, now)));
    return states.filter((state) => state !== undefined);
  }

  private async stateOf(name: string, now: number): Promise<LockState | undefined> {
    const { producer } = this.connections;
    const { prefix } = this.app;
    const [[who, fence, since, ends], waiters] = await Promise.all([
      producer.hmget(sharedLockKey(prefix, name), 'who', 'fence', 'since', 'ends'),
      producer.zrangebyscore(lockWaitsKey(prefix, name), now, '+inf', 'LIMIT', 0, SHOWN_WAITERS),
    ]);
    // Given back meanwhile.
    if (who == null || Number(ends) <= now) return undefined;
    return {
      name,
      holder: who,
      fence: Number(fence),
      heldFor: Math.max(0, Math.round((now - Number(since)) / 1_000)),
      expiresIn: Math.ceil((Number(ends) - now) / 1_000),
      waiters,
    };
  }
}
