import { defineJob, JobEvents } from 'scalr-queue';
import { handlerOf } from '../conformance/driver.js';
import { AnsweringRedis } from '../support/answering-redis.js';
import { startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { sharedRedisUrl } from '../support/redis.js';

const Known = defineJob('known');
const Fresh = defineJob<{ n: number }>('fresh');

describe('a worker that has put a job aside for one that knows it', () => {
  it('looks on for a second, and waits for jobs as before then', async () => {
    const app = uniqueApp();
    const front = await AnsweringRedis.before(sharedRedisUrl());
    onTestFinished(() => front[Symbol.asyncDispose]());
    const { queue } = await startProducer({ app });
    let finish = () => {};
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const runs: number[] = [];
    const fresh = handlerOf(Fresh, async ({ n }) => {
      runs.push(n);
      await finished;
    });
    await startWorker({ app, providers: [fresh], worker: { concurrency: 1 } });
    await queue.enqueue(Fresh, { n: 1 });
    await eventually(() => expect(runs).toEqual([1]));
    const old = await startWorker({
      app,
      redis: front.url,
      providers: [handlerOf(Known, () => undefined)],
    });
    let aside = 0;
    old.context.get(JobEvents, { strict: false }).on('postponed', () => aside++);
    await queue.enqueue(Fresh, { n: 2 });
    await eventually(() => expect(aside).toBeGreaterThan(0));
    finish();
    await eventually(() => expect(runs).toEqual([1, 2]));
    const { length: before } = front.commands;
    const since = () => front.commands.slice(before).map(([name = '']) => name);
    await eventually(() => expect(since()).toContain('llen'));
    await eventually(() => expect(since().slice(since().lastIndexOf('llen'))).toContain('bzpopmin'), {
      timeout: 4_000,
    });
  });
});
