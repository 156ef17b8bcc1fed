import type { WorkerInfo } from '../../../contract/worker-info.js';
import type { QueueState } from '../../queue-state.js';
import { entryOf, isField } from '../job-type-field.js';
import type { RedisClient } from '../connection/redis.client.js';
import { type DamagedEntries, orDamaged } from '../damaged-entries.js';
import { jobTypesKey } from '../keys.js';
import { readWorkers } from '../live-workers.js';
import { readStates } from '../queue-states.js';

/** The queues of an app, as its processes and its workers know them, and its workers. Two round trips. */
export async function readAppQueues(
  redis: RedisClient,
  prefix: string,
  note: DamagedEntries['note'],
): Promise<{ queues: QueueState[]; workers: WorkerInfo[] }> {
  const key = jobTypesKey(prefix);
  const [fields, workers] = await Promise.all([
    orDamaged(redis.hkeys(key), [], key, note),
    readWorkers(redis, prefix, note),
  ]);
  const names = new Set([
    ...fields.filter(isField).map((field) => entryOf(field).queue),
    ...workers.flatMap((worker) => worker.queues),
  ]);
  return { queues: await readStates(redis, prefix, [...names].toSorted(), note), workers };
}
