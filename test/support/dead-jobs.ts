import { Redis } from 'ioredis';

/** Writes dead jobs as the engine lays them out; far faster than letting so many fail. */
export async function seedDead(
  url: string,
  {
    app,
    queue,
    name,
    count,
    payload = { text: 'seeded' },
    diedAt = 1_700_000_000_000,
  }: { app: string; queue: string; name: string; count: number; payload?: object; diedAt?: number },
): Promise<void> {
  const redis = new Redis(url);
  const prefix = `scalr:{${app}}:${queue}:`;
  const script = `
    for n = tonumber(ARGV[3]), tonumber(ARGV[4]) do
      local id = ARGV[2] .. '~seeded-' .. n
      redis.call('HSET', ARGV[1] .. id, 'name', ARGV[2], 'data', ARGV[5], 'opts', '{"attempts":2,"backoff":{"type":"scalr"}}',
        'timestamp', ARGV[6] + n, 'delay', 0, 'priority', 0, 'atm', 2, 'ats', 2, 'finishedOn', ARGV[6] + n,
        'failedReason', 'attempts Error: seeded failure ' .. n, 'stacktrace', '[]')
      redis.call('ZADD', KEYS[1], ARGV[6] + n, id)
    end`;
  // No script holds Redis up for long, also where the payloads are large.
  const slice = Math.max(1, Math.min(2_000, Math.floor(4_000_000 / JSON.stringify(payload).length)));
  for (let from = 0; from < count; from += slice) {
    await redis.eval(
      script,
      1,
      `${prefix}failed`,
      prefix,
      name,
      from,
      Math.min(from + slice, count) - 1,
      JSON.stringify(payload),
      diedAt,
    );
  }
  redis.disconnect();
}
