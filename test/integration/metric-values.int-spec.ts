import { Injectable } from '@nestjs/common';
import { Redis } from 'ioredis';
import {
  defineJob,
  ProcessJob,
  QueuesService,
  ScalrQueueMetrics,
  Scheduled,
  SchedulesService,
  Snooze,
} from 'scalr-queue';
import { onTestFinished } from 'vitest';
import { AnsweringRedis } from '../support/answering-redis.js';
import { startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { parseScrape } from '../support/prometheus-text.js';
import { RedisServer, sharedRedisUrl } from '../support/redis.js';

const Slow = defineJob('slow', { queue: 'stage', retry: false });
const Fail = defineJob('fail', { queue: 'stage', retry: false });
const Nap = defineJob('nap', { queue: 'clock' });
const Tick = defineJob('tick', { queue: 'clock' });
const HOUR = 3_600_000;

function client(): Redis {
  const redis = new Redis(sharedRedisUrl());
  onTestFinished(() => redis.disconnect());
  return redis;
}

/** A handler that ends when the test says so, in a process whose metrics can be asked for also when its port is closed. */
function bench() {
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  const running: string[] = [];
  let rested = 0;
  const own: { metrics?: ScalrQueueMetrics } = {};

  @Injectable()
  class Bench {
    constructor(metrics: ScalrQueueMetrics) {
      own.metrics = metrics;
    }

    @ProcessJob(Slow)
    async slow(_payload: void, { id }: { id: string }) {
      running.push(id);
      await released;
    }

    @ProcessJob(Fail)
    async fail() {
      await released;
      throw new Error('on purpose');
    }

    @ProcessJob(Nap)
    nap() {
      if (!rested++) throw new Snooze(5);
    }

    @ProcessJob(Tick)
    @Scheduled({ every: '1h' })
    tick() {}
  }
  Reflect.defineMetadata('design:paramtypes', [ScalrQueueMetrics], Bench);
  const read = async () => parseScrape(await own.metrics!.text());
  return { release: () => release(), running, read, providers: [Bench] };
}

describe('the metrics', () => {
  it('tell times in seconds: of waiting and running jobs, of the oldest one, and of schedules', async () => {
    const app = uniqueApp();
    const { queue, jobs, get } = await startProducer({ app });
    const begun = performance.now();
    const { id } = await queue.enqueue(Slow);
    await queue.enqueue(Fail);
    const { release, running, read, providers } = bench();
    await startWorker({ app, providers });
    await eventually(() => expect(running).toEqual([id]));
    const started = performance.now();
    await eventually(() => expect(performance.now() - started).toBeGreaterThan(300));
    release();
    await jobs.waitFor(id, { timeout: '10s' });
    const tick = await get(SchedulesService).runNow('tick');
    await jobs.waitFor(tick.id, { timeout: '10s' });
    await jobs.waitFor(await queue.enqueue(Nap), { timeout: '10s' });

    // One that was enqueued an hour ago, and that is held.
    await get(QueuesService).pause('stage');
    const old = await queue.enqueue(Slow);
    const key = `scalr:{${app}}:stage:slow~${old.id}`;
    const redis = client();
    await redis.hset(key, 'timestamp', Date.now() - HOUR);
    const job = { app, queue: 'stage', job_name: 'slow' };
    const clock = { app, scope: 'global', schedule: 'tick' };
    const stage = { app, scope: 'global', queue: 'stage' };
    await eventually(async () => {
      const { valueOf } = await read();
      const seconds = (performance.now() - begun) / 1_000;
      for (const [job_name, outcome] of [
        ['slow', 'completed'],
        ['fail', 'failed'],
      ] as const) {
        const ran = valueOf('scalr_queue_job_run_seconds_sum', { ...job, job_name, outcome })!;
        expect(ran).toBeGreaterThan(0.2);
        expect(ran).toBeLessThan(seconds);
      }
      const nap = { app, queue: 'clock', job_name: 'nap' };
      expect(valueOf('scalr_queue_jobs_postponed_total', nap)).toBe(1);
      expect(valueOf('scalr_queue_jobs_failed_total', nap)).toBeUndefined();
      const waited = valueOf('scalr_queue_job_wait_seconds_sum', job)!;
      expect(waited).toBeGreaterThan(0);
      expect(waited).toBeLessThan(seconds);
      const age = valueOf('scalr_queue_oldest_pending_age_seconds', stage)!;
      expect(age).toBeGreaterThan(3_599);
      expect(age).toBeLessThan(3_600 + seconds);
      const now = Date.now() / 1_000;
      const next = valueOf('scalr_queue_schedule_next_run_timestamp_seconds', clock)!;
      expect(next).toBeGreaterThan(now - 60);
      expect(next).toBeLessThan(now + 3_601);
      for (const name of ['last_run', 'last_success']) {
        const at = valueOf(`scalr_queue_schedule_${name}_timestamp_seconds`, clock)!;
        expect(at).toBeGreaterThan(now - seconds - 1);
        expect(at).toBeLessThan(now + 1);
      }
      expect(valueOf('scalr_queue_schedules', { app, scope: 'global', state: 'active' })).toBe(1);
      expect(valueOf('scalr_queue_schedules', { app, scope: 'global', state: 'paused' })).toBe(0);
    });

    // Its age is that since its last start, once it has run.
    await redis.hset(key, 'processedOn', Date.now() - HOUR / 2);
    const [stageNow] = (await get(QueuesService).list()).filter(({ name }) => name === 'stage');
    expect(stageNow!.oldestPendingAgeMs).toBeGreaterThanOrEqual(HOUR / 2 - 1_000);
    expect(stageNow!.oldestPendingAgeMs).toBeLessThan(HOUR / 2 + 60_000);
  });

  it('count no worker that drains among those that take jobs', async () => {
    const app = uniqueApp();
    const { queue, get } = await startProducer({ app });
    const { release, running, providers } = bench();
    const worker = await startWorker({ app, providers }, { shutdownTimeout: '50s' });
    const { id } = await queue.enqueue(Slow);
    await eventually(() => expect(running).toEqual([id]));
    const stage = { app, scope: 'global', queue: 'stage' };
    const seen = async () => {
      const { valueOf } = parseScrape(await get(ScalrQueueMetrics).text());
      const [info] = (await get(QueuesService).list()).filter(({ name }) => name === 'stage');
      return [
        valueOf('scalr_queue_queue_workers', stage),
        info?.workers,
        valueOf('scalr_queue_workers', { app, scope: 'global' }),
      ];
    };
    await eventually(async () => expect(await seen()).toEqual([1, 1, 1]));
    const closed = worker.close();
    // It lives, and takes nothing.
    await eventually(async () => expect(await seen()).toEqual([0, 0, 1]));
    release();
    await closed;
  });

  it('count the jobs that a shutdown hands back', async () => {
    const app = uniqueApp();
    const { queue, jobs } = await startProducer({ app });
    const { running, read, providers } = bench();
    const worker = await startWorker({ app, providers }, { shutdownTimeout: 50 });
    const { id } = await queue.enqueue(Slow);
    await eventually(() => expect(running).toEqual([id]));
    await worker.close();
    expect(await jobs.get(id)).toMatchObject({ state: 'waiting', attempt: 0 });
    const { valueOf } = await read();
    const job = { app, queue: 'stage', job_name: 'slow' };
    expect(valueOf('scalr_queue_jobs_handed_back_total', job)).toBe(1);
  });

  it('count a job whose worker gave no sign of life', async () => {
    const app = uniqueApp();
    const { queue, jobs } = await startProducer({ app });
    const { id } = await queue.enqueue(Slow);
    // As a worker leaves it that was killed long ago: taken, and without a lock.
    const list = (name: string) => `scalr:{${app}}:stage:${name}`;
    await client().rpoplpush(list('wait'), list('active'));
    const { release, read, providers } = bench();
    release();
    await startWorker({ app, providers, worker: { lockDuration: '3s', stalledInterval: '1s' } });
    await jobs.waitFor(id, { timeout: '20s' });
    const { valueOf } = await read();
    expect(valueOf('scalr_queue_jobs_stalled_total', { app, queue: 'stage', job_name: 'slow' })).toBe(1);
    await eventually(async () =>
      expect((await read()).valueOf('scalr_queue_stalls', { app, scope: 'global', queue: 'stage' })).toBe(1),
    );
  });

  it('show the hundred queues with the largest backlog, and add the others up', async () => {
    const app = uniqueApp();
    const { queue, jobs, get } = await startProducer({ app });
    const jobOf = (name: string) => defineJob('of-many', { queue: name });
    // Those with the least work come first by their name and by when they were made.
    const [quiet, dead, one] = ['a-dead-once', 'b-dead-often', 'c-waiting-once'].map(jobOf);
    const busy = Array.from({ length: 98 }, (_, n) => jobOf(`queue-${n}`));
    const all = [quiet!, dead!, dead!, one!, ...busy, ...busy];
    const made = [];
    for (const job of all) made.push(await queue.enqueue(job));
    for (const { id, name, queue: its } of made.slice(0, 3)) await jobs.cancel({ id, name, queue: its });
    const { valueOf, labelsOf } = parseScrape(await get(ScalrQueueMetrics).text());
    expect(valueOf('scalr_queue_queues_without_series', { app, scope: 'global' })).toBe(1);
    const shown = labelsOf('scalr_queue_jobs', 'queue');
    expect(shown).toHaveLength(101);
    expect(shown).not.toContain('a-dead-once');
    const count = (its: string, state: string) =>
      valueOf('scalr_queue_jobs', { app, scope: 'global', queue: its, state });
    expect([count('~other', 'dead'), count('~other', 'waiting')]).toEqual([1, 0]);
    expect([count('b-dead-often', 'dead'), count('c-waiting-once', 'waiting')]).toEqual([2, 1]);
    expect(count('queue-97', 'waiting')).toBe(2);
    // What this process counts has so many series, too.
    expect(labelsOf('scalr_queue_jobs_enqueued_total', 'queue')).toHaveLength(101);
    const other = { app, queue: 'other', job_name: 'of-many', status: 'created' };
    expect(valueOf('scalr_queue_jobs_enqueued_total', other)).toBe(2);
    expect(
      valueOf('scalr_queue_jobs_cancelled_total', { app, queue: 'b-dead-often', job_name: 'of-many' }),
    ).toBe(2);
  });

  it('say that jobs can be lost while Redis cannot write its append-only file, or has none', async () => {
    const app = uniqueApp();
    await using redis = await RedisServer.start();
    await using way = await AnsweringRedis.before(redis.url);
    const { get } = await startProducer({ app, redis: way.url });
    const durable = async () =>
      parseScrape(await get(ScalrQueueMetrics).text()).valueOf('scalr_queue_redis_durable', {
        app,
        scope: 'global',
      });
    await eventually(async () => expect(await durable()).toBe(1));
    way.answer(([name, section]) =>
      name === 'info' && section === 'persistence'
        ? { reply: 'aof_enabled:1\r\naof_last_write_status:err\r\n' }
        : undefined,
    );
    await eventually(async () => expect(await durable()).toBe(0));
    way.answer();
    await eventually(async () => expect(await durable()).toBe(1));
    await redis.cli('CONFIG', 'SET', 'appendonly', 'no');
    await eventually(async () => expect(await durable()).toBe(0));
  });
});
