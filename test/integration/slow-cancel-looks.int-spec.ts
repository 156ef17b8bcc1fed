import { defineJob } from 'scalr-queue';
import { handlerOf } from '../conformance/driver.js';
import { AnsweringRedis, isScript } from '../support/answering-redis.js';
import { startWorker, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { sharedRedisUrl } from '../support/redis.js';

const Work = defineJob('work');

describe('a worker whose Redis takes its time', () => {
  it('asks about requests to stop its runs one question at a time', async () => {
    const app = uniqueApp();
    const front = await AnsweringRedis.before(sharedRedisUrl());
    onTestFinished(() => front[Symbol.asyncDispose]());
    const looks: number[] = [];
    front.answer((args) => {
      if (!isScript(args) || args[3] !== `scalr:{${app}}:~cancels`) return undefined;
      looks.push(performance.now());
      return 'hold';
    });
    await startWorker({ app, redis: front.url, providers: [handlerOf(Work, () => 'done')] });
    await eventually(() => expect(looks.length).toBeGreaterThanOrEqual(2));
    // The first one is given up after a second; the next one is at its usual time after that.
    expect(looks[1]! - looks[0]!).toBeGreaterThan(800);
  });
});
