import type { ResolvedOptions } from '../../config/resolved-options.js';
import type { EpochMark } from '../queue.engine.js';
import type { RedisConnections } from './connection/redis.connections.js';
import { epochKey } from './keys.js';

/** One key: it goes when everything goes. */
export class RedisEpochMark implements EpochMark {
  constructor(
    private readonly connections: RedisConnections,
    private readonly app: ResolvedOptions,
  ) {}

  async read(): Promise<string | undefined> {
    return (await this.connections.producer.get(epochKey(this.app.prefix))) ?? undefined;
  }

  async mark(epoch: string): Promise<string> {
    const key = epochKey(this.app.prefix);
    const { producer } = this.connections;
    await producer.set(key, epoch, 'NX');
    return (await producer.get(key)) ?? epoch;
  }
}
