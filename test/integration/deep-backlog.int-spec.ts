import { defineJob, JobsService } from 'scalr-queue';
import { startProducer } from '../support/apps.js';
import { RedisServer } from '../support/redis.js';

const Note = defineJob<{ n: number }>('note');

it('a job that waits is read without a copy of the list of all that wait', async () => {
  await using redis = await RedisServer.start();
  const { queue, get } = await startProducer({ redis: redis.url });
  const enqueued = await queue.enqueueMany(
    Note,
    Array.from({ length: 300 }, (_, n) => ({ n })),
  );
  const jobs = get(JobsService);
  await redis.cli('CONFIG', 'RESETSTAT');
  for (const { id } of [enqueued[0]!, enqueued[150]!, enqueued[299]!])
    expect(await jobs.get(id)).toMatchObject({ id, state: 'waiting' });
  expect(await redis.cli('INFO', 'commandstats')).not.toContain('cmdstat_lrange:');
});
