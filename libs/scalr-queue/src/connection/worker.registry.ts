import { Inject, Injectable } from '@nestjs/common';
import type { WorkerInfo } from '../jobs/worker-info.js';
import { WORKER_TTL } from '../options/defaults.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { RESOLVED_OPTIONS } from '../options/tokens.js';
import { RedisConnections } from './redis.connections.js';

type Stored = Omit<WorkerInfo, 'startedAt' | 'seenAt'> & { startedAt: number; seenAt: number };

/**
 * The worker processes of the app that live: one index, and per worker a key that Redis itself lets expire, so that no clock
 * but that of Redis counts.
 */
@Injectable()
export class WorkerRegistry {
  /** Not a name that a queue can have. */
  private readonly index: string;

  constructor(
    private readonly connections: RedisConnections,
    @Inject(RESOLVED_OPTIONS) options: ResolvedOptions,
  ) {
    this.index = `${options.prefix}:~workers`;
  }

  /** Writes a sign of life, good for twenty seconds. */
  async beat(worker: WorkerInfo): Promise<void> {
    const stored: Stored = { ...worker, startedAt: +worker.startedAt, seenAt: +worker.seenAt };
    const pipeline = this.connections.producer.pipeline();
    pipeline.hset(this.index, worker.id, stored.startedAt);
    pipeline.set(this.keyOf(worker.id), JSON.stringify(stored), 'PX', WORKER_TTL);
    valuesOf(await pipeline.exec());
  }

  async remove(id: string): Promise<void> {
    const pipeline = this.connections.producer.pipeline();
    pipeline.del(this.keyOf(id)).hdel(this.index, id);
    valuesOf(await pipeline.exec());
  }

  /** All that live, oldest first. Takes those that died without a word out of the index. */
  async list(): Promise<WorkerInfo[]> {
    const { producer } = this.connections;
    const ids = Object.keys(await producer.hgetall(this.index));
    if (ids.length === 0) return [];
    const pipeline = producer.pipeline();
    for (const id of ids) pipeline.get(this.keyOf(id));
    const texts = valuesOf(await pipeline.exec()) as (string | null)[];
    const dead = ids.filter((_id, index) => texts[index] === null);
    if (dead.length > 0) producer.hdel(this.index, ...dead).catch(() => undefined);
    return texts
      .filter((text) => text !== null)
      .map(parse)
      .toSorted((one, other) => +one.startedAt - +other.startedAt);
  }

  private keyOf(id: string): string {
    return `${this.index}:${id}`;
  }
}

function parse(text: string): WorkerInfo {
  const { startedAt, seenAt, ...worker } = JSON.parse(text) as Stored;
  return { ...worker, startedAt: new Date(startedAt), seenAt: new Date(seenAt) };
}

function valuesOf(replies: [error: Error | null, value: unknown][] | null): unknown[] {
  return (replies ?? []).map(([error, value]) => {
    if (error) throw error;
    return value;
  });
}
