import { Redis } from 'ioredis';
import { defineJob, JobEvents } from 'scalr-queue';
import { handlerOf } from '../conformance/driver.js';
import { AnsweringRedis, isScript } from '../support/answering-redis.js';
import { startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { sharedRedisUrl } from '../support/redis.js';

const Work = defineJob('work', { retry: { attempts: 2, delay: '1h' } });

/** A worker that has nothing to run, and what it asks of Redis for the requests to cancel a run. */
async function start() {
  const app = uniqueApp();
  const requests = `scalr:{${app}}:~cancels`;
  const front = await AnsweringRedis.before(sharedRedisUrl());
  onTestFinished(() => front[Symbol.asyncDispose]());
  const looks: (readonly string[])[] = [];
  // Of a worker without runs a look has no arguments.
  const isLook = (args: readonly string[]) => isScript(args) && args[3] === requests && args.length === 4;
  front.answer((args) => {
    if (isLook(args)) looks.push(args);
    return undefined;
  });
  const redis = new Redis(sharedRedisUrl());
  onTestFinished(() => redis.disconnect());
  const { queue, jobs } = await startProducer({ app });
  // It ends before the worker can hear of the request.
  const fails = handlerOf(Work, async (_payload, { id }) => {
    await jobs.cancel(id);
    throw new Error('failed');
  });
  const worker = await startWorker({ app, redis: front.url, providers: [fails] });
  const ofRequests = () =>
    front.commands.filter(
      (args) => !isLook(args) && args.slice(0, 4).some((arg) => arg.startsWith(requests)),
    );
  return { queue, jobs, worker, redis, requests, looks, ofRequests };
}

describe('a worker with nothing to run', () => {
  it('ends a job whose run is over, though it was asked to stop, and asks no more then', async () => {
    const { queue, jobs, worker, redis, requests, looks, ofRequests } = await start();
    const told: unknown[] = [];
    worker.context.get(JobEvents, { strict: false }).on('cancelled', (event) => void told.push(event));
    const job = await queue.enqueue(Work);
    await eventually(async () =>
      expect(await jobs.get(job.id)).toMatchObject({ state: 'dead', reason: 'cancelled' }),
    );
    await eventually(() =>
      expect(told).toEqual([{ id: job.id, name: 'work', queue: 'default', was: 'running' }]),
    );
    await eventually(async () => expect(await redis.zcard(requests)).toBe(0));
    const [{ length: looked }, { length: settled }] = [looks, ofRequests()];
    await eventually(() => expect(looks.length).toBeGreaterThan(looked + 1));
    expect(ofRequests()).toHaveLength(settled);
  });
});
