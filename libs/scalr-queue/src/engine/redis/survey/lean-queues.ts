import { once } from 'node:events';
import { nameDenied } from '../connection/acl-refusal.js';
import { withDeadline } from '../../deadline.js';
import { ReconnectPace } from '../connection/reconnect.pace.js';
import { openRedis, type RedisClient } from '../connection/redis.client.js';
import { messageOf, toReadError } from '../connection/redis-error.js';
import { QueueUnavailableError } from '../../../contract/errors/enqueue.errors.js';
import { readAppQueues } from './app-queues.js';
import { toQueueInfos } from '../../queue-state.js';
import type { QueueInfo } from '../../../contract/queue-info.js';
import { describeTarget } from '../../../config/redis-options.js';
import { resolveOptions } from '../../../config/resolved-options.js';
import { stalledHandshake } from '../connection/tls-trouble.js';
import { withCa } from '../../../config/certificate-file.js';

/** Which app of which Redis; what is left out the environment says. */
export interface Target {
  readonly app?: string;
  /** URL. */
  readonly redis?: string;
  /** Path of the certificate of the authority that signed that of Redis. */
  readonly ca?: string;
}

/** Redis does not answer when nothing came for so long, in milliseconds. */
const ANSWER_TIMEOUT_MS = 1_050;

/**
 * What `QueuesService.list` gives, without Nest and the engine, which take most of the time that a command needs to start:
 * a check runs every few seconds in every container.
 *
 * @throws QueueConfigError; QueueUnavailableError
 */
export async function readQueues({ app, redis: url, ca }: Target): Promise<QueueInfo[]> {
  const { redis: target, prefix } = resolveOptions({ app, redis: withCa(url, ca) });
  const redis = openRedis(target, 'producer', `${prefix}:check`, new ReconnectPace());
  const where = describeTarget(target);
  const late = () =>
    new QueueUnavailableError(
      `Redis at ${where}: ${stalledHandshake(redis) ?? `no answer within ${ANSWER_TIMEOUT_MS} ms`}`,
    );
  redis.on('error', () => undefined);
  try {
    return await withDeadline(read(redis, prefix), ANSWER_TIMEOUT_MS, late);
  } catch (error) {
    if (error instanceof QueueUnavailableError) throw error;
    if (redis.status === 'ready') throw toReadError(await nameDenied(error, redis, prefix));
    throw new QueueUnavailableError(`Redis at ${where} is not reachable: ${messageOf(error as Error)}`);
  } finally {
    redis.disconnect();
  }
}

async function read(redis: RedisClient, prefix: string): Promise<QueueInfo[]> {
  // Rejects with the first error as well.
  await once(redis, 'ready');
  const { queues, workers } = await readAppQueues(redis, prefix, () => undefined);
  return toQueueInfos(queues, workers);
}
