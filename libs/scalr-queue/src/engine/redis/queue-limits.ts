import type { QueueLimits } from '../../contract/queue-info.js';
import type { RedisClient } from './connection/redis.client.js';
import { queueKey } from './keys.js';
import { readableValuesOf } from './pipeline-replies.js';

const FIELDS = ['concurrency', 'max', 'duration'] as const;
/** Replies of one queue. */
const REPLIES = 3;

/** The limits of these queues and their use, one round trip for all; those without any are left out. */
export async function readUsedLimits(
  redis: RedisClient,
  prefix: string,
  names: readonly string[],
): Promise<Omit<QueueLimits, 'running'>[]> {
  if (names.length === 0) return [];
  const asking = redis.pipeline();
  for (const name of names) {
    // Upstream: `meta` holds what was set for the queue, `limiter` counts and lasts as long as its time.
    asking.hmget(queueKey(prefix, name, 'meta'), ...FIELDS);
    asking.get(queueKey(prefix, name, 'limiter'));
    asking.pttl(queueKey(prefix, name, 'limiter'));
  }
  const values = readableValuesOf(await asking.exec());
  return names.flatMap((name, at) => {
    const [fields, used, ttl] = values.slice(REPLIES * at, REPLIES * (at + 1));
    const [concurrency, max, per] = (Array.isArray(fields) ? fields : []).map(numberOf);
    if (concurrency === undefined && (max === undefined || per === undefined)) return [];
    return {
      name,
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(max === undefined || per === undefined
        ? {}
        : {
            rateLimit: {
              max,
              per,
              used: Math.min(max, numberOf(used) ?? 0),
              resetInMs: Math.max(0, Number(ttl)),
            },
          }),
    };
  });
}

function numberOf(text: unknown): number | undefined {
  const number = typeof text === 'string' && text !== '' ? Number(text) : NaN;
  return Number.isFinite(number) && number >= 0 ? number : undefined;
}
