import { Redis } from 'ioredis';

/** Writes dead jobs as the engine lays them out; far faster than letting so many fail. */
export async function seedDead(
  url: string,
  { app, queue, name, count }: { app: string; queue: string; name: string; count: number },
): Promise<void> {
  const redis = new Redis(url);
  const prefix = `scalr:{${app}}:${queue}:`;
  const script = `
    for n = tonumber(ARGV[3]), tonumber(ARGV[4]) do
      local id = ARGV[2] .. '~seeded-' .. n
      redis.call('HSET', ARGV[1] .. id, 'name', ARGV[2], 'data', '{"text":"seeded"}', 'opts', '{"attempts":2,"backoff":{"type":"scalr"}}',
        'timestamp', 1700000000000 + n, 'delay', 0, 'priority', 0, 'atm', 2, 'ats', 2, 'finishedOn', 1700000000000 + n,
        'failedReason', 'attempts Error: seeded failure ' .. n, 'stacktrace', '[]')
      redis.call('ZADD', KEYS[1], 1700000000000 + n, id)
    end`;
  const slice = 2_000;
  for (let from = 0; from < count; from += slice) {
    await redis.eval(script, 1, `${prefix}failed`, prefix, name, from, Math.min(from + slice, count) - 1);
  }
  redis.disconnect();
}

/** Pings Redis in a loop, as another app would, and tells the longest answer in milliseconds. */
export function longestStall(url: string): { stop(): Promise<number> } {
  const redis = new Redis(url);
  const state = { stopped: false };
  let longest = 0;
  const loop = (async () => {
    await redis.ping();
    while (!state.stopped) {
      const started = performance.now();
      await redis.ping();
      longest = Math.max(longest, performance.now() - started);
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  return {
    async stop() {
      state.stopped = true;
      await loop;
      redis.disconnect();
      return Math.round(longest);
    },
  };
}
