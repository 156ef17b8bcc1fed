import { Injectable } from '@nestjs/common';
import { infoField } from '../engine/redis/preflight/redis-info.js';
import { RecentRead } from '../engine/recent-read.js';
import { QueueEngine } from '../engine/queue.engine.js';
import { RedisConnections } from '../engine/redis/connection/redis.connections.js';

/** How the Redis server is, as far as jobs depend on it. */
export interface RedisState {
  readonly memory: number;
  /** 0 for no limit. */
  readonly maxMemory: number;
  readonly clients: number;
  /** Whether a job that was taken is kept: written to disk, and never evicted. */
  readonly durable: boolean;
}

/** Reads INFO at most once a second, and gives up after 800 ms. */
@Injectable()
export class RedisStateReader {
  private readonly cached: RecentRead<RedisState>;

  constructor(
    private readonly connections: RedisConnections,
    engine: QueueEngine,
  ) {
    this.cached = new RecentRead(engine, () => this.read());
  }

  /** Undefined when Redis does not tell, or may not be asked. */
  recent(): Promise<RedisState | undefined> {
    return this.cached.get();
  }

  private async read(): Promise<RedisState> {
    const { producer } = this.connections;
    const sections = ['memory', 'persistence', 'clients'].map((section) => producer.info(section));
    const info = (await Promise.all(sections)).join('\n');
    const field = (name: string) => infoField(info, name);
    const isWritten = field('aof_enabled') === '1' && field('aof_last_write_status') === 'ok';
    return {
      memory: Number(field('used_memory')),
      maxMemory: Number(field('maxmemory')),
      clients: Number(field('connected_clients')),
      durable: isWritten && field('maxmemory_policy') === 'noeviction',
    };
  }
}
