import type { LastHandler, UnhandledJob } from '../../contract/queue-info.js';
import { nameOf, type WorkerInfo } from '../../contract/worker-info.js';
import { handlersKey, jobTypeField } from './keys.js';
import type { RedisClient } from './connection/redis.client.js';

/** Notes that this worker handles its kinds of jobs at this moment. */
export async function noteHandlers(redis: RedisClient, prefix: string, worker: WorkerInfo): Promise<void> {
  const { handled = [] } = worker;
  if (handled.length === 0) return;
  const value = JSON.stringify({ at: +worker.seenAt, version: worker.version, worker: nameOf(worker) });
  const fields = handled.flatMap(({ name, queue }) => [jobTypeField(name, queue), value]);
  await redis.hset(handlersKey(prefix), ...fields);
}

/** The same with who handled each last; unknown for a kind that nobody ever did, or only release 0.1.0. */
export async function withLastHandlers(
  redis: RedisClient,
  prefix: string,
  jobs: readonly UnhandledJob[],
): Promise<UnhandledJob[]> {
  if (jobs.length === 0) return [];
  const fields = jobs.map(({ name, queue }) => jobTypeField(name, queue));
  const texts = await redis.hmget(handlersKey(prefix), ...fields);
  return jobs.map((job, at) => {
    const lastHandledBy = parse(texts[at] ?? null);
    return { ...job, ...(lastHandledBy ? { lastHandledBy } : {}) };
  });
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
