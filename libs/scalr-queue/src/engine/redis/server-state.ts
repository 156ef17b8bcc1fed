import type { ServerState } from '../queue.engine.js';
import type { RedisClient } from './connection/redis.client.js';
import { infoField } from './preflight/redis-info.js';

/** Reads how the server is. */
export async function readServerState(redis: RedisClient): Promise<ServerState> {
  const sections = ['memory', 'persistence', 'clients'].map((section) => redis.info(section));
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
