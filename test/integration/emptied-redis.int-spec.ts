import { Injectable } from '@nestjs/common';
import { Redis } from 'ioredis';
import { defineJob, JobsService, ProcessJob } from 'scalr-queue';
import { startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { AnsweringRedis } from '../support/answering-redis.js';
import { eventually } from '../support/eventually.js';
import { sharedRedisUrl } from '../support/redis.js';

const Step = defineJob<{ n: number }>('step', { queue: 'steps' });

@Injectable()
class Steps {
  @ProcessJob(Step)
  run() {}
}

/** A way to Redis that can be cut, and a look at what the app has stored there. */
async function start() {
  const app = uniqueApp();
  const front = await AnsweringRedis.before(sharedRedisUrl());
  onTestFinished(() => front[Symbol.asyncDispose]());
  const redis = new Redis(sharedRedisUrl());
  onTestFinished(() => redis.disconnect());
  const meta = `scalr:{${app}}:steps:meta`;
  const catalog = `scalr:{${app}}:~jobs`;
  const limits = () => redis.hmget(meta, 'concurrency', 'max', 'duration');
  return { app, front, redis, meta, catalog, limits };
}

const limited = { steps: { globalConcurrency: 3, rateLimit: { max: 50, per: 2_000 } } };

describe('what a process has written down in Redis', () => {
  it('is written again when Redis comes back without it: limits, length of events, and where jobs are found', async () => {
    const { app, front, redis, meta, catalog, limits } = await start();
    await startWorker({ app, redis: front.url, queues: limited, providers: [Steps] });
    const { queue } = await startProducer({ app, redis: front.url });
    await queue.enqueue(Step, { n: 1 });
    await eventually(async () => expect(await limits()).toEqual(['3', '50', '2000']));
    await eventually(async () => expect(await redis.hexists(catalog, 'step steps')).toBe(1));
    await redis.del(meta, catalog);
    front.cut();
    await eventually(async () => expect(await limits()).toEqual(['3', '50', '2000']));
    await eventually(async () => expect(await redis.hget(meta, 'opts.maxLenEvents')).toBe('1000'));
    await eventually(async () => expect(await redis.hexists(catalog, 'step steps')).toBe(1));
  });

  it('goes where a new version of the app no longer wants it', async () => {
    const { app, redis, limits } = await start();
    const before = await startWorker({ app, queues: limited, providers: [Steps] });
    expect(await limits()).toEqual(['3', '50', '2000']);
    await before.close();
    await startWorker({ app, providers: [Steps] });
    expect(await limits()).toEqual([null, null, null]);
    expect(await redis.exists(`scalr:{${app}}:steps:meta`)).toBe(1);
  });
});

describe('where jobs are found', () => {
  it('is written again with the next job, where it could not be written before', async () => {
    const { app, front, redis, catalog } = await start();
    const { queue, jobs } = await startProducer({ app, redis: front.url });
    let refused = 0;
    front.answer(([name, key]) =>
      name === 'hset' && key === catalog && refused++ < 1 ? { error: 'MISCONF Errors writing' } : undefined,
    );
    const { id } = await queue.enqueue(Step, { n: 1 });
    await eventually(() => expect(refused).toBe(1));
    expect(await jobs.get(id)).toMatchObject({ state: 'waiting' });
    await queue.enqueue(Step, { n: 2 });
    await eventually(async () => expect(await redis.hexists(catalog, 'step steps')).toBe(1));
    const other = await startProducer({ app });
    expect(await other.get(JobsService).get(id)).toMatchObject({ state: 'waiting' });
    // Once is enough.
    for (let n = 0; n < 10; n++) await queue.enqueue(Step, { n });
    expect(refused).toBe(2);
  });

  it('is read again after a read that failed, at once', async () => {
    const { app, front, catalog } = await start();
    let refused = 0;
    front.answer(([name, key]) =>
      name === 'hkeys' && key === catalog && refused++ < 2 ? { error: 'BUSY Redis is busy' } : undefined,
    );
    const { queue } = await startProducer({ app, redis: front.url });
    await eventually(() => expect(refused).toBeGreaterThan(0));
    const outcomes: string[] = [];
    for (let n = 0; n < 4; n++) {
      const call = queue.enqueue(Step, { n }, { id: `step-${n}` });
      outcomes.push(
        await call.then(
          ({ status }) => status,
          (error: Error) => error.name,
        ),
      );
    }
    // The first one, or two, depending on when the first read failed.
    expect(outcomes[0]).toBe('QueueUnavailableError');
    expect(outcomes.slice(2)).toEqual(['created', 'created']);
  });
});
