import type { ResolvedOptions } from '../../config/resolved-options.js';
import type { FinishedJobs, FinishedState, KeepRules, Trimmed } from '../finished-jobs.js';
import type { RedisConnections } from './connection/redis.connections.js';
import { FinishedTrimmer } from './finished.trimmer.js';
import { KeepRuleStore } from './keep-rule.store.js';
import { keepLeaseKey, queueKey } from './keys.js';
import type { QueueRegistry } from './queue.registry.js';

/** How long finished jobs are kept. */
export class RedisFinishedJobs implements FinishedJobs {
  private readonly store: KeepRuleStore;
  private readonly trimmer: FinishedTrimmer;

  constructor(
    private readonly connections: RedisConnections,
    queues: QueueRegistry,
    private readonly app: ResolvedOptions,
  ) {
    this.store = new KeepRuleStore(connections, app);
    this.trimmer = new FinishedTrimmer(connections, queues, app);
  }

  announce(rules: KeepRules, leaving = false): Promise<void> {
    return this.store.announce(rules, leaving);
  }

  rules(): Promise<{ rules: KeepRules; differ: boolean }> {
    return this.store.read();
  }

  count(queue: string, state: FinishedState): Promise<number> {
    return this.connections.producer.zcard(queueKey(this.app.prefix, queue, state));
  }

  async lease(queue: string, state: FinishedState, ms: number) {
    const redis = this.connections.producer;
    const key = keepLeaseKey(this.app.prefix, queue, state);
    if (!(await redis.set(key, process.pid, 'PX', ms, 'NX'))) return undefined;
    return async (after: number): Promise<void> => void (await redis.pexpire(key, after));
  }

  trim(queue: string, state: FinishedState, rules: KeepRules): Promise<Trimmed> {
    return this.trimmer.trim(queue, state, rules);
  }
}
