import { Inject, Injectable } from '@nestjs/common';
import type { WorkerInfo } from '../jobs/worker-info.js';
import { WORKER_TTL } from '../options/defaults.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { RESOLVED_OPTIONS } from '../options/tokens.js';
import { readWorkers, type StoredWorker, valuesOf, workerKey, workersKey } from './live-workers.js';
import { RedisConnections } from './redis.connections.js';

/**
 * The worker processes of the app that live: one index, and per worker a key that Redis itself lets expire, so that no clock
 * but that of Redis counts.
 */
@Injectable()
export class WorkerRegistry {
  constructor(
    private readonly connections: RedisConnections,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  /** Writes a sign of life, good for twenty seconds. */
  async beat(worker: WorkerInfo): Promise<void> {
    const { prefix } = this.options;
    const stored: StoredWorker = { ...worker, startedAt: +worker.startedAt, seenAt: +worker.seenAt };
    const pipeline = this.connections.producer.pipeline();
    pipeline.hset(workersKey(prefix), worker.id, stored.startedAt);
    pipeline.set(workerKey(prefix, worker.id), JSON.stringify(stored), 'PX', WORKER_TTL);
    valuesOf(await pipeline.exec());
  }

  async remove(id: string): Promise<void> {
    const { prefix } = this.options;
    const pipeline = this.connections.producer.pipeline();
    pipeline.del(workerKey(prefix, id)).hdel(workersKey(prefix), id);
    valuesOf(await pipeline.exec());
  }

  /** All that live, oldest first. Takes those that died without a word out of the index. */
  list(): Promise<WorkerInfo[]> {
    return readWorkers(this.connections.producer, this.options.prefix);
  }
}
