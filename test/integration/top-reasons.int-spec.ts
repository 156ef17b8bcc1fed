import { Redis } from 'ioredis';
import { defineJob } from 'scalr-queue';
import { Session } from '../../libs/scalr-queue/src/cli/session.js';
import { TopReader } from '../../libs/scalr-queue/src/cli/top/top.reader.js';
import { startProducer, uniqueApp } from '../support/apps.js';
import { seedDead } from '../support/dead-jobs.js';
import { sharedRedisUrl } from '../support/redis.js';

const Mail = defineJob<object>('mail', { queue: 'post' });

it('tells the reasons of all dead jobs, not of the newest', async () => {
  const app = uniqueApp();
  const { queue, context } = await startProducer({ app });
  await queue.enqueue(Mail, {}, { delay: '1h' });
  await seedDead(sharedRedisUrl(), { app, queue: 'post', name: 'mail', count: 1_000 });
  const redis = new Redis(sharedRedisUrl());
  onTestFinished(() => redis.disconnect());
  const reason = (n: number) =>
    redis.hset(`scalr:{${app}}:post:mail~seeded-${n}`, 'failedReason', 'crashed Error: gone');
  await Promise.all(Array.from({ length: 100 }, (_, n) => reason(999 - n)));

  const { deadReasons, deadEstimated } = await new TopReader(new Session(context)).read();
  expect(deadEstimated).toBe(true);
  expect(deadReasons.map(({ reason }) => reason)).toEqual(['attempts: Error', 'crashed: Error']);
  expect(deadReasons.reduce((sum, { jobs }) => sum + jobs, 0)).toBe(1_000);
  expect(deadReasons[0]!.jobs).toBeGreaterThan(850);
  expect(deadReasons[0]!.jobs).toBeLessThan(950);
});
