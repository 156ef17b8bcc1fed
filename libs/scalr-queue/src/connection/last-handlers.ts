import type { LastHandler } from '../jobs/queue-info.js';
import { nameOf, type WorkerInfo } from '../jobs/worker-info.js';
import { fieldOf } from './catalog-entry.js';
import type { RedisClient } from './redis.client.js';

/** Who handled each kind of job last. Not a name that a queue can have. The fields are those of the catalog. */
export const handlersKey = (prefix: string): string => `${prefix}:~handlers`;

/** Notes that this worker handles its kinds of jobs at this moment. */
export async function noteHandlers(redis: RedisClient, prefix: string, worker: WorkerInfo): Promise<void> {
  const { handled = [] } = worker;
  if (handled.length === 0) return;
  const value = JSON.stringify({ at: +worker.seenAt, version: worker.version, worker: nameOf(worker) });
  const fields = handled.flatMap(({ name, queue }) => [fieldOf(name, queue), value]);
  await redis.hset(handlersKey(prefix), ...fields);
}

/** Who handled these last; undefined for a kind that nobody ever did, or only release 0.1.0. */
export async function readLastHandlers(
  redis: RedisClient,
  prefix: string,
  jobs: readonly { readonly name: string; readonly queue: string }[],
): Promise<(LastHandler | undefined)[]> {
  if (jobs.length === 0) return [];
  const fields = jobs.map(({ name, queue }) => fieldOf(name, queue));
  const texts = await redis.hmget(handlersKey(prefix), ...fields);
  return texts.map(parse);
}

function parse(text: string | null): LastHandler | undefined {
  try {
    const { at, version, worker } = JSON.parse(text ?? '') as {
      at: number;
      version?: string;
      worker: string;
    };
    const seenAt = new Date(at);
    if (typeof worker !== 'string' || Number.isNaN(+seenAt)) return undefined;
    return { worker, seenAt, ...(typeof version === 'string' ? { version } : {}) };
  } catch {
    return undefined;
  }
}
