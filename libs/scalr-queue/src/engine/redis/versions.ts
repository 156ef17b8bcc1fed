import { type DeployedVersion, MAX_VERSIONS, type WorkerInfo } from '../../contract/worker-info.js';
import { versionsKey } from './keys.js';
import type { RedisClient } from './connection/redis.client.js';

/** Notes when the version of this worker was first seen. One that does not tell its version notes nothing. */
export async function noteVersion(
  redis: RedisClient,
  prefix: string,
  { version, seenAt }: WorkerInfo,
): Promise<void> {
  if (version === undefined) return;
  const key = versionsKey(prefix);
  const added = await redis.zadd(key, 'NX', +seenAt, version);
  if (added > 0) await redis.zremrangebyrank(key, 0, -MAX_VERSIONS - 1);
}

/** Latest first. */
export async function readVersions(redis: RedisClient, prefix: string): Promise<DeployedVersion[]> {
  const replies = await redis.zrevrange(versionsKey(prefix), 0, MAX_VERSIONS - 1, 'WITHSCORES');
  const found: DeployedVersion[] = [];
  for (let at = 0; at < replies.length; at += 2)
    found.push({ version: replies[at]!, firstSeenAt: new Date(Number(replies[at + 1])) });
  return found;
}
