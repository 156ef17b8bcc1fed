import { type GoneWorker, MAX_GONE_WORKERS, toGone } from '../../contract/worker-info.js';
import { goneWorkersKey } from './keys.js';
import { parseWorker } from './live-workers.js';
import { valuesOf } from './pipeline-replies.js';
import type { RedisClient } from './connection/redis.client.js';

/** Remembers a worker that is gone, and forgets the oldest. */
export async function noteGone(redis: RedisClient, prefix: string, worker: GoneWorker): Promise<void> {
  const key = goneWorkersKey(prefix);
  // What only a live worker needs is not there: it is read like a heartbeat all the same.
  const text = JSON.stringify({
    ...worker,
    startedAt: +worker.startedAt,
    seenAt: +worker.seenAt,
    jobs: [],
    catchAllQueues: [],
  });
  valuesOf(
    await redis
      .pipeline()
      .lpush(key, text)
      .ltrim(key, 0, MAX_GONE_WORKERS - 1)
      .exec(),
  );
}

/** Those that were remembered. Leaves out what is none. */
export async function readGone(redis: RedisClient, prefix: string): Promise<GoneWorker[]> {
  const texts = await redis.lrange(goneWorkersKey(prefix), 0, MAX_GONE_WORKERS - 1);
  return texts.flatMap((text) => {
    const worker = parseWorker(text);
    return worker ? [toGone(worker, (worker as { clean?: unknown }).clean === true)] : [];
  });
}
