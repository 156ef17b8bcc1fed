import { workerKey, workersKey } from './keys.js';
import type { WorkerInfo } from '../../contract/worker-info.js';
import { type DamagedEntries, orDamaged } from './damaged-entries.js';
import { readableValuesOf } from './pipeline-replies.js';
import { looksOnly } from './connection/look-only.js';
import type { RedisClient } from './connection/redis.client.js';

/** A heartbeat as it is stored; times in epoch milliseconds. An older version of the library may lack what is newer. */
export type StoredWorker = Omit<WorkerInfo, 'counts' | 'startedAt' | 'seenAt'> & {
  counts?: WorkerInfo['counts'];
  startedAt: number;
  seenAt: number;
};

/** Bytes of a heartbeat that are read: a real one has a few thousand. */
const MAX_BYTES = 256 * 1_024;
/** Workers that died without a goodbye and are remembered, and for how long. */
const MAX_LOST_WORKERS = 50;
const LOST_WORKER_AGE_MS = 24 * 3_600_000;

/** Takes what is known of a worker that the index forgets. */
type Forget = (worker: WorkerInfo) => void;

/** The workers that live, oldest first. Leaves out what is no heartbeat. */
export async function readWorkers(
  redis: RedisClient,
  prefix: string,
  note: DamagedEntries['note'],
  forget?: Forget,
): Promise<WorkerInfo[]> {
  return (await readAllWorkers(redis, prefix, note, forget)).live;
}

/**
 * The workers that live, oldest first; and in their last heartbeats, latest first, those that died without a goodbye within a
 * day. Those that are older, or too many, are taken out of the index by whoever may write.
 */
export async function readAllWorkers(
  redis: RedisClient,
  prefix: string,
  note: DamagedEntries['note'],
  forget?: Forget,
): Promise<{ live: WorkerInfo[]; lost: WorkerInfo[] }> {
  const index = workersKey(prefix);
  const ids = await orDamaged(redis.hkeys(index), [], index, note);
  if (ids.length === 0) return { live: [], lost: [] };
  const pipeline = redis.pipeline();
  for (const id of ids) pipeline.getrange(workerKey(prefix, id), 0, MAX_BYTES);
  const texts = readableValuesOf(await pipeline.exec());
  const live: WorkerInfo[] = [];
  const dead: string[] = [];
  for (const [at, id] of ids.entries()) {
    const text = texts[at] as string | undefined;
    const worker = text === undefined ? undefined : parseWorker(text);
    if (worker) live.push(worker);
    else if (text === '') dead.push(id);
    else note(workerKey(prefix, id), 'it is not a heartbeat of a worker');
  }
  const lost = dead.length > 0 ? await sortOut(redis, index, dead, forget) : [];
  return { live: live.toSorted((one, other) => +one.startedAt - +other.startedAt), lost };
}

/** Those of the dead that are worth remembering; the others go. Release 0.1.0 noted nothing but the start of a worker. */
async function sortOut(
  redis: RedisClient,
  index: string,
  dead: readonly string[],
  forget: Forget = () => undefined,
): Promise<WorkerInfo[]> {
  const texts = await redis.hmget(index, ...dead);
  const known = texts.flatMap((text) => (text?.startsWith('{') ? (parseWorker(text) ?? []) : []));
  const lost = known
    .filter(({ seenAt }) => Date.now() - +seenAt < LOST_WORKER_AGE_MS)
    .toSorted((one, other) => +other.seenAt - +one.seenAt)
    .slice(0, MAX_LOST_WORKERS);
  const kept = new Set(lost.map(({ id }) => id));
  const forgotten = dead.filter((id) => !kept.has(id));
  if (looksOnly(redis)) return lost;
  // One by one: of several processes that look, the one that takes it out hands it on.
  for (const id of forgotten)
    redis.hdel(index, id).then(
      (removed) => {
        const worker = known.find((one) => one.id === id);
        if (removed > 0 && worker) forget(worker);
      },
      () => undefined,
    );
  return lost;
}

/** Undefined for what is no heartbeat. */
export function parseWorker(text: string): WorkerInfo | undefined {
  try {
    const { startedAt, seenAt, ...worker } = JSON.parse(text) as StoredWorker;
    const read = {
      ...worker,
      counts: worker.counts ?? [],
      startedAt: new Date(startedAt),
      seenAt: new Date(seenAt),
    };
    return isWorker(read) ? read : undefined;
  } catch {
    return undefined;
  }
}

function isWorker(read: WorkerInfo): boolean {
  const { id, host, pid, running, queues, jobs, catchAllQueues, runningJobs, counts, startedAt, seenAt } =
    read;
  const texts: unknown[] = [id, host, ...queues, ...jobs, ...catchAllQueues];
  const totals = counts.flatMap(({ queue, completed, dead, retried }) => {
    texts.push(queue);
    return [completed, dead, retried];
  });
  for (const one of runningJobs) texts.push(one.id, one.queue);
  const numbers: unknown[] = [pid, running, ...totals, startedAt.getTime(), seenAt.getTime()];
  return (
    texts.every((text) => typeof text === 'string') &&
    !queues.some((queue) => queue === '' || queue.includes(':')) &&
    numbers.every((number) => Number.isSafeInteger(number))
  );
}
