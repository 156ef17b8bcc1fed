import { Injectable } from '@nestjs/common';
import { Redis } from 'ioredis';
import { defineJob, type EnqueuedJob, OutcomeUnknownError, ProcessJob, Scheduled } from 'scalr-queue';
import { onTestFinished } from 'vitest';
import { toEnqueueError } from '../../libs/scalr-queue/src/engine/redis/connection/redis-error.js';
import { startBoth, startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis.js';

const Sync = defineJob<{ account: string }>('sync');
const Tick = defineJob('tick');

describe('scripts that Redis has forgotten', () => {
  it('are not missed by any way to enqueue, by schedules, or by a worker', async () => {
    await using redis = await RedisServer.start();
    let ticks = 0;
    const done = new Set<string>();
    @Injectable()
    class Processor {
      @ProcessJob(Tick)
      @Scheduled({ every: '1s' })
      tick() {
        ticks++;
      }

      @ProcessJob(Sync)
      run({ account }: { account: string }) {
        done.add(account);
      }
    }
    const { queue } = await startBoth({ redis: redis.url, providers: [Processor] });
    const all = async (round: string): Promise<EnqueuedJob[]> =>
      (
        await Promise.all([
          queue.enqueue(Sync, { account: `plain-${round}` }),
          queue.enqueue(Sync, { account: `id-${round}` }, { id: `id-${round}` }),
          queue.enqueue(Sync, { account: `unique-${round}` }, { unique: true }),
          queue.enqueue(Sync, { account: `late-${round}` }, { id: `late-${round}`, delay: 10 }),
          queue.enqueue(Sync, { account: `urgent-${round}` }, { id: `urgent-${round}`, priority: 3 }),
          queue.enqueueMany(Sync, [
            { account: `many-${round}` },
            { payload: { account: `many-id-${round}` }, options: { id: `many-id-${round}` } },
          ]),
        ])
      ).flat();

    await all('first');
    await eventually(() => expect(ticks).toBeGreaterThan(0));
    await redis.cli('script', 'flush');
    const before = ticks;
    const jobs = await all('flushed');
    expect(jobs.map(({ status }) => status)).toEqual(jobs.map(() => 'created'));
    // One slot was enqueued before; the next one is enqueued after.
    await eventually(() => expect(ticks).toBeGreaterThan(before + 1));
    await eventually(() => expect(done.size).toBe(14));
  });

  it('are not missed by many calls at the same moment', async () => {
    await using redis = await RedisServer.start();
    const { queue } = await startProducer({ redis: redis.url });
    await queue.enqueue(Sync, { account: 'a' }, { id: 'first' });
    await redis.cli('script', 'flush');
    const jobs = await Promise.all(
      Array.from({ length: 200 }, (_, n) => queue.enqueue(Sync, { account: 'a' }, { id: `job-${n}` })),
    );
    expect(jobs.every(({ status }) => status === 'created')).toBe(true);
  });

  it('do not leave a slot noted that was not enqueued', async () => {
    await using redis = await RedisServer.start();
    @Injectable()
    class Processor {
      @ProcessJob(Tick)
      @Scheduled({ every: '1h' })
      tick() {}
    }
    const app = uniqueApp();
    const connection = new Redis(redis.url);
    onTestFinished(() => connection.disconnect());
    for (const round of [1, 2]) {
      await redis.cli('script', 'flush');
      const worker = await startWorker({ app, redis: redis.url, providers: [Processor] });
      const slot = await eventually(() => connection.hget(`scalr:{${app}}:~schedules`, 'last:tick'));
      expect([round, await connection.exists(`scalr:{${app}}:default:tick~slot-${slot}`)]).toEqual([
        round,
        1,
      ]);
      await worker.close();
      await connection.hdel(`scalr:{${app}}:~schedules`, 'last:tick');
    }
  });
});

it.each([
  'NOSCRIPT No matching script. Please use EVAL.',
  'EXECABORT Transaction discarded because of previous errors.',
])('%s is a refusal: nothing was enqueued', (message) => {
  const error = toEnqueueError(new Error(message), ['a']);
  expect(error).not.toBeInstanceOf(OutcomeUnknownError);
  expect(error).toMatchObject({ code: 'QUEUE_UNAVAILABLE' });
});
