import type { RedisClient } from './redis.client.js';

/** What a process needs of Redis: a web process enqueues and looks, a worker does everything. */
export type ProcessRole = 'producer' | 'worker';

type Call = [command: string, ...args: (string | number)[]];

/** Each command in a form that does nothing to an absent key. */
const PRODUCER: readonly Call[] = [
  ['ping'],
  ['info', 'server'],
  ['exists', 'K'],
  ['get', 'K'],
  ['del', 'K'],
  ['incr', 'K'],
  ['pttl', 'K'],
  ['set', 'K', '1', 'PX', 1_000],
  ['hset', 'K:h', 'f', '1'],
  ['hmset', 'K:h', 'f', '1'],
  ['hget', 'K:h', 'f'],
  ['hmget', 'K:h', 'f'],
  ['hgetall', 'K:h'],
  ['hexists', 'K:h', 'f'],
  ['hincrby', 'K:h', 'n', 1],
  ['hdel', 'K:h', 'f', 'n'],
  ['lpush', 'K:l', 'x'],
  ['rpush', 'K:l', 'x'],
  ['llen', 'K:l'],
  ['lindex', 'K:l', 0],
  ['lrange', 'K:l', 0, 0],
  ['lrem', 'K:l', 0, 'x'],
  ['zadd', 'K:z', 1, 'x'],
  ['zcard', 'K:z'],
  ['zscore', 'K:z', 'x'],
  ['zrange', 'K:z', 0, 0],
  ['zrangebyscore', 'K:z', 0, 0],
  ['zrevrangebyscore', 'K:z', 0, 0],
  ['zrem', 'K:z', 'x'],
  ['xadd', 'K:x', 'MAXLEN', '~', 1, '*', 'f', '1'],
  ['xtrim', 'K:x', 'MAXLEN', 0],
  ['xread', 'COUNT', 1, 'STREAMS', 'K:x', '$'],
  ['evalsha', '0000000000000000000000000000000000000000', 0],
  ['eval', 'return 1', 0],
];

const WORKER: readonly Call[] = [
  ['sadd', 'K:s', 'x'],
  ['scard', 'K:s'],
  ['smembers', 'K:s'],
  ['srem', 'K:s', 'x'],
  ['zcount', 'K:z', 0, 0],
  ['zpopmin', 'K:z'],
  ['bzpopmin', 'K:z', 0.001],
  ['zrevrange', 'K:z', 0, 0],
  ['zremrangebyscore', 'K:z', 0, 0],
  ['zremrangebyrank', 'K:z', 0, 0],
  ['rpoplpush', 'K:l', 'K:l'],
  ['ltrim', 'K:l', 0, 0],
  ['pexpire', 'K', 1],
];

/**
 * The commands that the Redis user lacks for a role. A script that meets a missing one half way leaves a half-written job
 * behind, so they are tried before any job is touched, on keys of the app's own that are removed again.
 */
export async function missingCommands(redis: RedisClient, role: ProcessRole, key: string): Promise<string[]> {
  const calls = role === 'worker' ? [...PRODUCER, ...WORKER] : PRODUCER;
  const keys = ['', ':h', ':l', ':s', ':z', ':x'].map((suffix) => key + suffix);
  const place = (arg: string | number) =>
    typeof arg === 'string' && /^K(:\w)?$/.test(arg) ? key + arg.slice(1) : arg;
  // All at once: one by one they would take seconds on a slow network.
  const refusals = await Promise.all(
    calls.map(([command, ...args]) => redis.call(command, ...args.map(place)).then(() => false, isMissing)),
  );
  const missing = calls.filter((_call, index) => refusals[index]).map(([command]) => command);
  if (!missing.includes('del')) await redis.del(...keys);
  return missing;
}

/** Whether Redis refused for lack of a permission; other replies do not matter here, a lost connection does. */
function isMissing(error: Error): boolean {
  if (error.message.startsWith('NOPERM')) return true;
  if (/^[A-Z]+ /.test(error.message)) return false;
  throw error;
}
