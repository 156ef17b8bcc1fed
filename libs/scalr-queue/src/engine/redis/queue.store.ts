import type { ResolvedOptions } from '../../config/resolved-options.js';
import type { QueueLimits } from '../../contract/queue-info.js';
import type { QueueState } from '../queue-state.js';
import type { PingAnswer, QueueStore } from '../queue.engine.js';
import type { RedisConnections } from './connection/redis.connections.js';
import { PingSender } from './ping.js';
import { readStates } from './queue-states.js';
import { readUsedLimits } from './queue-limits.js';
import type { QueueRegistry } from './queue.registry.js';

/** Queues as a whole: their state, what holds them up, and whether a worker takes jobs from them. */
export class RedisQueueStore implements QueueStore {
  private readonly pings: PingSender;

  constructor(
    private readonly connections: RedisConnections,
    private readonly registry: QueueRegistry,
    private readonly app: ResolvedOptions,
  ) {
    this.pings = new PingSender(registry, connections, app);
  }

  names(): string[] {
    return this.registry.names();
  }

  states(names: readonly string[]): Promise<QueueState[]> {
    const { producer, damaged } = this.connections;
    return readStates(producer, this.app.prefix, names, damaged.note);
  }

  pause(name: string): Promise<void> {
    return this.registry.get(name).pause();
  }

  resume(name: string): Promise<void> {
    return this.registry.get(name).resume();
  }

  async limitsOf(name: string): Promise<{ concurrency?: number; rateLimitedFor: number }> {
    const queue = this.registry.get(name);
    const [concurrency, ttl] = await Promise.all([queue.getGlobalConcurrency(), queue.getRateLimitTtl()]);
    return { ...(concurrency === null ? {} : { concurrency }), rateLimitedFor: Math.max(0, ttl) };
  }

  usedLimits(names: readonly string[]): Promise<Omit<QueueLimits, 'running'>[]> {
    return readUsedLimits(this.connections.producer, this.app.prefix, names);
  }

  writeLimits(name: string): Promise<void> {
    return this.registry.writeLimits(name);
  }

  ping(name: string, timeout: number): Promise<PingAnswer | undefined> {
    return this.pings.ping(name, timeout);
  }
}
