import { Injectable } from '@nestjs/common';
import { Redis } from 'ioredis';
import { type DeadJob, DeadLetterService, defineJob, type JobHook, QueuesService } from 'scalr-queue';
import { handlerOf } from '../conformance/driver.js';
import { startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { capturedLog } from '../support/captured-log.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis.js';

const Work = defineJob<string>('work', { retry: false });

/** A hook that notes the deaths. */
function noting() {
  const told: string[] = [];
  @Injectable()
  class Note implements JobHook {
    dead({ id, reason }: DeadJob) {
      told.push(`${id} ${reason}`);
    }
  }
  return { told, hooks: [Note] };
}

/** Ends when the test says so, by an error. */
function gated() {
  const runs: string[] = [];
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  const handler = handlerOf(Work, async (payload) => {
    runs.push(payload);
    await opened;
    throw new Error('broken');
  });
  return { runs, providers: [handler], open };
}

describe('the hook of deaths', () => {
  let redis: RedisServer;
  beforeAll(async () => void (redis = await RedisServer.start()));
  afterEach(() => allow());
  afterAll(() => redis.stop());

  /** It reads, and writes nothing. */
  const refuse = () => redis.cli('config', 'set', 'min-replicas-to-write', '1');
  const allow = () => redis.cli('config', 'set', 'min-replicas-to-write', '0');

  async function startDying(shutdownTimeout = 2_000) {
    const app = uniqueApp();
    const { queue, get } = await startProducer({ app, redis: redis.url });
    const { told, hooks } = noting();
    const { runs, providers, open } = gated();
    const log = capturedLog();
    const worker = { lockDuration: 1_000, stalledInterval: 200 };
    const options = { app, redis: redis.url, hooks, providers, worker };
    const running = await startWorker(options, { shutdownTimeout, logger: log.logger });
    await queue.enqueue(Work, 'a', { id: 'a' });
    await eventually(() => expect(runs).toEqual(['a']));
    /** Once nothing is left to be done. */
    const toldOnce = () =>
      eventually(async () => {
        const [info] = await get(QueuesService).list();
        expect(info).toMatchObject({ waiting: 0, running: 0, delayed: 0, dead: 1 });
        expect(told).toEqual(['a attempts']);
      });
    return { options, get, told, runs, open, log, running, toldOnce };
  }

  it('is told of a death that Redis refused to store for long, and the job is not run again', async () => {
    const { runs, open, log, toldOnce } = await startDying();
    await refuse();
    open();
    // Several locks long, and more refusals than faults are forgiven.
    const since = Date.now();
    await eventually(() => Date.now() > since + 7_000, { timeout: 20_000 });
    await allow();
    await toldOnce();
    expect(runs).toEqual(['a']);
    expect(log.lines('error').join()).not.toContain('has no follow-up');
  });

  it('is told of the death of a job whose worker had no time to store its follow-up', async () => {
    const { options, told, open, running, toldOnce } = await startDying(500);
    await refuse();
    open();
    await running.close();
    await allow();
    expect(told).toEqual([]);
    await startWorker(options);
    await toldOnce();
  });

  it('is told of jobs that are damaged in Redis', async () => {
    const app = uniqueApp();
    const { queue, get } = await startProducer({ app, redis: redis.url });
    const client = new Redis(redis.url);
    onTestFinished(() => client.disconnect());
    const key = async (id: string) => {
      await queue.enqueue(Work, 'x', { id });
      return `scalr:{${app}}:default:work~${id}`;
    };
    await client.del(await key('gone'));
    await client.hset(await key('odd'), 'data', '{"n":');
    const { told, hooks } = noting();
    await startWorker({ app, redis: redis.url, hooks, providers: [handlerOf(Work, () => undefined)] });
    await eventually(async () => {
      expect(await get(DeadLetterService).count()).toBe(2);
      expect(told.toSorted()).toEqual(['gone data-missing', 'odd unreadable']);
    });
  });
});
