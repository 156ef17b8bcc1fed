import type { Redis } from 'ioredis';

/** Writes completed or dead jobs as the engine lays them out, the newest of them `age` milliseconds old. */
export async function seedFinished(
  redis: Redis,
  options: { queue: string; state: 'completed' | 'failed'; name: string; count: number; age?: number },
): Promise<void> {
  const { queue, state, name, count, age = 10_000 } = options;
  const script = `
    for n = tonumber(ARGV[3]), tonumber(ARGV[4]) do
      local id, at = ARGV[2] .. '~seeded-' .. ARGV[6] .. '-' .. n, ARGV[5] - n
      redis.call('HSET', ARGV[1] .. id, 'name', ARGV[2], 'data', '{}', 'opts', '{"attempts":5}', 'timestamp', at,
        'finishedOn', at, 'atm', 1, 'ats', 1, 'returnvalue', 'null')
      redis.call('ZADD', KEYS[1], at, id)
    end`;
  const newest = Date.now() - age;
  for (let from = 0; from < count; from += 1_000) {
    const last = Math.min(from + 1_000, count) - 1;
    await redis.eval(script, 1, `${queue}:${state}`, `${queue}:`, name, from, last, newest, state);
  }
}
