import type { RedisClient } from './connection/redis.client.js';
import { JOB_STATE } from './scripts/job-state.script.js';

const PLACES = ['completed', 'failed', 'delayed', 'prioritized', 'waiting-children', 'active', 'wait'];

/**
 * The state of a job in the words of the engine; `unknown` where there is none.
 *
 * @param keyOf the key of a part of its queue
 */
export async function jobState(
  client: RedisClient,
  keyOf: (part: string) => string,
  storedId: string,
): Promise<string> {
  return (await JOB_STATE.run(client, PLACES.map(keyOf), [storedId])) as string;
}
