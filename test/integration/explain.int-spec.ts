import { Injectable } from '@nestjs/common';
import { Redis } from 'ioredis';
import { defineJob, ProcessJob, QueuesService } from 'scalr-queue';
import { CancelWatcher } from '../../libs/scalr-queue/src/worker/cancel.watcher.js';
import { handlerOf } from '../conformance/driver.js';
import { startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { sharedRedisUrl } from '../support/redis.js';

const One = defineJob<{ n: number }>('one', { queue: 'first' });
const Two = defineJob<{ n: number }>('two', { queue: 'second', expiresIn: '1h' });
const Fails = defineJob('fails', { queue: 'failing', retry: { attempts: 2, delay: '1h' } });
const Deaf = defineJob('deaf', { queue: 'narrow' });

describe('JobsService.explain', () => {
  it('tells what holds a job up', async () => {
    const { queue, jobs, get } = await startProducer({ app: uniqueApp() });
    const codes = async (id: string) => (await jobs.explain(id))?.reasons.map(({ code }) => code);
    await queue.enqueue(Two, { n: 0 }, { id: 'urgent', priority: 1 });
    await queue.enqueue(Two, { n: 1 }, { id: 'first' });
    await queue.enqueue(Two, { n: 2 }, { id: 'second' });
    await queue.enqueue(Two, { n: 3 }, { id: 'later', delay: '1h' });

    expect(await codes('second')).toEqual(['no-live-worker', 'position', 'expires']);
    const places = await Promise.all(['first', 'second', 'urgent'].map((id) => jobs.explain(id)));
    expect(places.map((one) => one?.reasons.find(({ code }) => code === 'position')?.position)).toEqual([
      1, 2, 3,
    ]);
    await get(QueuesService).pause('second');
    expect((await codes('second'))?.[0]).toBe('queue-paused');
    expect((await codes('later'))?.[0]).toBe('delayed');
    await jobs.cancel('second');
    const dead = (await jobs.explain('second'))?.reasons[0];
    expect(dead).toMatchObject({
      code: 'dead',
      message: expect.stringContaining('cancelled'),
      advice: expect.any(String),
    });
    expect(await jobs.explain('nobody')).toBeUndefined();
  });

  it('goes by what the definition says now, as a worker does, where the call left it open', async () => {
    const app = uniqueApp();
    const { queue, jobs } = await startProducer({ app });
    const older = await queue.enqueue(Two, { n: 1 });
    const given = await queue.enqueue(Two, { n: 2 }, { expiresIn: '3h', retry: { attempts: 7 } });
    const untilOf = async (id: string) => {
      const { job, reasons } = (await jobs.explain(id))!;
      const until = reasons.find(({ code }) => code === 'expires')?.until;
      return [until && +until - +job.enqueuedAt, job.maxAttempts];
    };
    expect(await untilOf(older.id)).toEqual([3_600_000, 5]);
    const Newer = defineJob<{ n: number }>('two', {
      queue: 'second',
      expiresIn: '2h',
      retry: { attempts: 3 },
    });
    await queue.enqueue(Newer, { n: 3 });
    expect(await untilOf(older.id)).toEqual([7_200_000, 3]);
    expect(await untilOf(given.id)).toEqual([10_800_000, 7]);
  });

  it('knows retries, limits and missing handlers', async () => {
    @Injectable()
    class Handlers {
      @ProcessJob(Fails)
      fail() {
        throw new Error('no luck');
      }

      @ProcessJob(One)
      one(_payload: { n: number }) {}
    }
    const app = uniqueApp();
    const queues = { first: { rateLimit: { max: 1, per: '1h' as const } } };
    await startWorker({ app, queues, providers: [Handlers] });
    const { queue, jobs } = await startProducer({ app });
    await queue.enqueue(Fails, undefined, { id: 'f' });
    await queue.enqueueMany(One, [{ n: 1 }, { n: 2 }]);
    const last = await queue.enqueue(One, { n: 3 });
    const Newer = defineJob('newer', { queue: 'failing' });
    await queue.enqueue(Newer, undefined, { id: 'n' });
    await eventually(async () => {
      expect((await jobs.explain('f'))?.reasons[0]).toMatchObject({
        code: 'retrying',
        until: expect.any(Date),
      });
      expect((await jobs.explain(last.id))?.reasons.map(({ code }) => code)).toContain('rate-limited');
      expect((await jobs.explain('n'))?.reasons.map(({ code }) => code)).toContain('no-handler');
    });
    expect(await jobs.details('f')).toMatchObject({ attempt: 1, failures: [{ attempt: 1 }], logs: [] });
  });

  it('knows a queue that runs as many as it may, and a job that was told to stop and has not yet', async () => {
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    @Injectable()
    class Handlers {
      @ProcessJob(Deaf)
      async wait() {
        await released;
      }
    }
    const app = uniqueApp();
    const queues = { narrow: { globalConcurrency: 1 } };
    const worker = await startWorker({ app, queues, providers: [Handlers] });
    const { queue, jobs } = await startProducer({ app, queues });
    const reasons = async (id: string) => (await jobs.explain(id))?.reasons;
    try {
      await queue.enqueue(Deaf, undefined, { id: 'runs' });
      await eventually(async () => (await jobs.get('runs'))?.state === 'running');
      await queue.enqueue(Deaf, undefined, { id: 'held' });
      expect(await reasons('held')).toMatchObject([
        { code: 'global-concurrency', limit: 1 },
        { code: 'position', position: 1 },
      ]);
      expect(await reasons('runs')).toMatchObject([{ code: 'running' }]);
      // The worker looks twice a second: not between the two calls.
      worker.context.get(CancelWatcher, { strict: false }).stop();
      expect(await jobs.cancel('runs')).toBe('cancelling');
      expect(await reasons('runs')).toMatchObject([{ code: 'cancelling' }, { code: 'running' }]);
    } finally {
      release();
    }
  });

  it('names the last handler of a kind that no live worker handles, and its queue is in every report', async () => {
    const app = uniqueApp();
    const stays = await startWorker({ app, providers: [handlerOf(One, () => undefined)] });
    const left = await startWorker({ app, providers: [handlerOf(Two, () => undefined)] });
    await left.close();
    const { queue, jobs, get } = await startProducer({ app });
    await queue.enqueue(Two, { n: 1 }, { id: 'vain' });
    const lastSeen = /process \d+, until 20\d\d-[\d-]+T[\d:.]+Z/;
    expect((await jobs.explain('vain'))?.reasons[0]).toMatchObject({
      code: 'no-handler',
      message: 'no live worker handles two, nor anything else of the queue second',
      advice: expect.stringMatching(lastSeen) as string,
    });
    expect(await get(QueuesService).unhandledJobs()).toMatchObject([
      { name: 'two', queue: 'second', lastHandledBy: { seenAt: expect.any(Date) as Date } },
    ]);
    await eventually(async () => {
      const { info } = (await (await fetch(`${stays.url}/health`)).json()) as {
        info: { queues: { queues: { name: string }[]; warnings?: string[] } };
      };
      expect(info.queues.queues.map(({ name }) => name)).toContain('second');
      expect(info.queues.warnings).toContain('no live worker handles two');
    });
  });

  it('knows a job whose time is over, and one that stands for others', async () => {
    const app = uniqueApp();
    const { queue, jobs } = await startProducer({ app });
    const codes = async (id: string) => (await jobs.explain(id))?.reasons.map(({ code }) => code);
    await queue.enqueue(One, { n: 1 }, { id: 'late', delay: '1h', unique: { key: 'k' } });
    expect(await codes('late')).toEqual(['delayed', 'no-live-worker', 'unique']);

    // The hour passes: a minute ago it was due.
    const redis = new Redis(sharedRedisUrl());
    const due = Date.now() - 60_000;
    expect(await redis.zadd(`scalr:{${app}}:first:delayed`, 'XX', 'CH', due * 0x1000, 'one~late')).toBe(1);
    redis.disconnect();
    expect((await jobs.explain('late'))?.reasons[0]).toMatchObject({ code: 'overdue', until: new Date(due) });
    expect(await codes('late')).toEqual(['overdue', 'no-live-worker', 'unique']);
  });
});
