import { DeadLetterService } from 'scalr-queue';
import { startProducer, uniqueApp } from '../support/apps.js';
import { Crack } from '../support/breaking-jobs.js';
import { seedDead } from '../support/dead-jobs.js';
import { RedisServer } from '../support/redis.js';

describe('a page of dead jobs', () => {
  it('may be 1,000 long also when their payloads are large', async () => {
    await using redis = await RedisServer.start();
    const app = uniqueApp();
    const { get } = await startProducer({ app, redis: redis.url, queues: { second: {} } });
    const payload = { text: 'x'.repeat(100_000) };
    await seedDead(redis.url, { app, queue: 'second', name: 'crack', count: 1_000, payload });
    const { jobs, cursor } = await get(DeadLetterService).list({}, { limit: 1_000 });
    expect(jobs).toHaveLength(1_000);
    expect(cursor).toBeUndefined();
    expect(jobs[0]?.payload).toEqual(payload);
  });
});

describe('with 100,000 dead jobs', () => {
  it(
    'pages and counts at once, works in slices, can be stopped and carried on, and holds nobody up',
    { timeout: 240_000 },
    async () => {
      await using redis = await RedisServer.start();
      const app = uniqueApp();
      const { queue, jobs, get } = await startProducer({ app, redis: redis.url });
      const dead = get(DeadLetterService);
      await queue.enqueue(Crack, { text: 'makes the queue known' }, { delay: '1h' });
      await seedDead(redis.url, { app, queue: 'second', name: 'crack', count: 100_000 });

      const timed = async <T>(work: Promise<T>) => {
        const started = performance.now();
        return { value: await work, ms: Math.round(performance.now() - started) };
      };
      await dead.count();
      const count = await counted(redis, () => dead.count());
      const page = await counted(redis, () => dead.list());
      const filtered = await timed(dead.count({ error: 'seeded failure 99999' }));
      expect(count.value).toBe(100_000);
      expect(page.value.jobs).toHaveLength(50);
      expect(filtered.value).toBe(1);

      const stop = new AbortController();
      const progress: number[] = [];
      const first = await dead.retry(
        {},
        {
          signal: stop.signal,
          onProgress: ({ done }) => {
            progress.push(done);
            if (done >= 2_000) stop.abort();
          },
        },
      );
      expect(first.retried).toBeGreaterThanOrEqual(2_000);
      expect(first.retried).toBeLessThan(2_200);
      expect(progress.length).toBeGreaterThan(2);
      await redis.cli('CONFIG', 'RESETSTAT');
      const rest = await timed(dead.retry({}, { cursor: first.cursor }));
      const slice = 100 * meanMicros(await redis.cli('INFO', 'commandstats'));
      expect(first.retried + rest.value.retried).toBe(100_000);
      expect(await dead.count()).toBe(0);
      expect(await jobs.get('seeded-5')).toMatchObject({ state: 'waiting', attempt: 0 });
      console.log(
        `100,000 dead jobs: count ${count.commands} commands, page ${page.commands} commands, filtered count ${filtered.ms} ms, ` +
          `retry of the rest ${rest.ms} ms, Redis busy for a slice ${Math.round(slice) / 1_000} ms`,
      );
      // However many are dead: each of the two queues is counted, and a page is found in slices and read field by field.
      expect(count.commands).toBeLessThanOrEqual(10);
      expect(page.commands).toBeLessThanOrEqual(50 * 50);
      // Redis is busy for 50 ms at most, for a slice of a hundred; in one piece it would be for seconds.
      expect(slice).toBeLessThan(50_000);
    },
  );
});

/** An answer, and how many commands Redis ran for it. */
async function counted<T>(redis: RedisServer, ask: () => Promise<T>) {
  await redis.cli('CONFIG', 'RESETSTAT');
  const value = await ask();
  const stats = await redis.cli('INFO', 'commandstats');
  const calls = [...stats.matchAll(/^cmdstat_(?!config|info|ping)\S+:calls=(\d+)/gm)].map(([, n]) =>
    Number(n),
  );
  return { value, commands: calls.reduce((sum, n) => sum + n, 0) };
}

/** What one job costs Redis, in both scripts of a retry. Unlike a ping it does not depend on who else is on the machine. */
function meanMicros(commandStats: string): number {
  const means = [...commandStats.matchAll(/^cmdstat_eval(?:sha)?:.*usec_per_call=([\d.]+)/gm)];
  expect(means).toHaveLength(2);
  return means.reduce((sum, [, mean]) => sum + Number(mean), 0);
}
