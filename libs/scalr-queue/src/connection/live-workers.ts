import type { WorkerInfo } from '../jobs/worker-info.js';
import type { RedisClient } from './redis.client.js';

/** A sign of life as it is stored; times in epoch milliseconds. An older version of the library may lack what is newer. */
export type StoredWorker = Omit<WorkerInfo, 'counts' | 'startedAt' | 'seenAt'> & {
  counts?: WorkerInfo['counts'];
  startedAt: number;
  seenAt: number;
};

/** The index of the workers of an app. Not a name that a queue can have. */
export const workersKey = (prefix: string): string => `${prefix}:~workers`;

/** The sign of life of one worker: Redis itself lets it expire. */
export const workerKey = (prefix: string, id: string): string => `${workersKey(prefix)}:${id}`;

/** The workers that live, oldest first. Takes those that died without a word out of the index. */
export async function readWorkers(redis: RedisClient, prefix: string): Promise<WorkerInfo[]> {
  const ids = Object.keys(await redis.hgetall(workersKey(prefix)));
  if (ids.length === 0) return [];
  const pipeline = redis.pipeline();
  for (const id of ids) pipeline.get(workerKey(prefix, id));
  const texts = valuesOf(await pipeline.exec()) as (string | null)[];
  const dead = ids.filter((_id, index) => texts[index] === null);
  if (dead.length > 0) redis.hdel(workersKey(prefix), ...dead).catch(() => undefined);
  return texts
    .filter((text) => text !== null)
    .map(parse)
    .toSorted((one, other) => +one.startedAt - +other.startedAt);
}

/** The replies of a pipeline; throws the first error among them. */
export function valuesOf(replies: [error: Error | null, value: unknown][] | null): unknown[] {
  return (replies ?? []).map(([error, value]) => {
    if (error) throw error;
    return value;
  });
}

function parse(text: string): WorkerInfo {
  const { startedAt, seenAt, ...worker } = JSON.parse(text) as StoredWorker;
  return { ...worker, counts: worker.counts ?? [], startedAt: new Date(startedAt), seenAt: new Date(seenAt) };
}
