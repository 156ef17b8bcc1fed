import { BullModule, InjectQueue, Processor, WorkerHost } from '@nestjs/bullmq';
import { Injectable } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Redis } from 'ioredis';
import type { Queue } from 'bullmq';
import {
  defineJob,
  Discard,
  ProcessJob,
  QueuesService,
  ScalrQueueMetrics,
  ScalrQueueMetricsModule,
} from 'scalr-queue';
import { onTestFinished, vi } from 'vitest';
import { startBoth, startProducer, startWorker, testModule, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { parseScrape, type Scrape } from '../support/prometheus-text.js';
import { RedisServer, sharedRedisUrl } from '../support/redis.js';

type Act = 'succeed' | 'discard' | 'fail once';
const Act = defineJob<{ act: Act }>('act', { queue: 'stage', retry: { attempts: 2, delay: 5 } });

@Injectable()
class Stage {
  private readonly failed = new Set<string>();

  @ProcessJob(Act)
  run({ act }: { act: Act }, { id }: { id: string }) {
    if (act === 'discard') throw new Discard('unwanted');
    if (act === 'fail once' && !this.failed.has(id)) {
      this.failed.add(id);
      throw new Error('once');
    }
  }
}

async function scrape(url: string, headers: Record<string, string> = {}): Promise<Scrape> {
  const response = await fetch(`${url}/metrics`, { headers });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  return parseScrape(await response.text());
}

describe('GET /metrics of a worker', () => {
  it('counts what became of the jobs and how long they took', async () => {
    const { app, worker, queue, jobs, get } = await startBoth({ providers: [Stage] });
    for (const act of ['succeed', 'discard', 'fail once'] as const)
      await jobs.waitFor(await queue.enqueue(Act, { act }), { timeout: '10s' }).catch(() => undefined);
    const job = { app, queue: 'stage', job_name: 'act' };
    await eventually(async () => {
      const { valueOf } = await scrape(worker.url);
      expect(valueOf('scalr_queue_jobs_completed_total', job)).toBe(2);
      expect(valueOf('scalr_queue_jobs_failed_total', job)).toBe(2);
      expect(valueOf('scalr_queue_jobs_retried_total', job)).toBe(1);
      expect(valueOf('scalr_queue_jobs_dead_total', { ...job, reason: 'discarded' })).toBe(1);
      expect(valueOf('scalr_queue_job_wait_seconds_count', job)).toBe(3);
      expect(valueOf('scalr_queue_job_run_seconds_count', { ...job, outcome: 'completed' })).toBe(2);
      expect(valueOf('scalr_queue_job_run_seconds_count', { ...job, outcome: 'failed' })).toBe(2);
      expect(valueOf('scalr_queue_job_wait_seconds_bucket', { ...job, le: '+Inf' })).toBe(3);
    });
    const { valueOf } = parseScrape(await get(ScalrQueueMetrics).text());
    expect(valueOf('scalr_queue_jobs_enqueued_total', { ...job, status: 'created' })).toBe(3);
    expect(valueOf('process_resident_memory_bytes')).toBeGreaterThan(1_000_000);
    expect(valueOf('nodejs_eventloop_lag_seconds')).toBeTypeOf('number');
  });

  it('counts a run whose lock is lost once, however long it goes on', async () => {
    let end = () => {};
    let runs = 0;
    @Injectable()
    class Deaf {
      @ProcessJob(Act)
      run() {
        return runs++ === 0 ? new Promise<void>((resolve) => (end = resolve)) : undefined;
      }
    }
    const locks = { lockDuration: '3s', stalledInterval: '1500ms', concurrency: 1 } as const;
    const { app, worker, queue } = await startBoth({ worker: locks, providers: [Deaf] });
    const { id } = await queue.enqueue(Act, { act: 'succeed' });
    const redis = new Redis(sharedRedisUrl());
    onTestFinished(() => redis.disconnect());
    // As another worker that has taken the job leaves it.
    const lock = `scalr:{${app}}:stage:act~${id}:lock`;
    await eventually(async () => expect(await redis.set(lock, 'another', 'PX', 60_000, 'XX')).toBe('OK'));
    const job = { app, queue: 'stage', job_name: 'act' };
    const lost = async () => (await scrape(worker.url)).valueOf('scalr_queue_locks_lost_total', job);
    await eventually(async () => expect(await lost()).toBe(1));
    // The engine finds it lost with every renewal, two or more a second, and once more with the outcome.
    const lostAt = Date.now();
    await eventually(() => expect(Date.now()).toBeGreaterThan(lostAt + 1_100));
    end();
    await queue.enqueue(Act, { act: 'succeed' });
    await eventually(() => expect(runs).toBeGreaterThan(1));
    expect(await lost()).toBe(1);
  });

  it('counts a job whose data was deleted, and runs the others', async () => {
    const app = uniqueApp();
    const { queue } = await startProducer({ app });
    const { id } = await queue.enqueue(Act, { act: 'succeed' });
    const redis = new Redis(sharedRedisUrl());
    onTestFinished(() => redis.disconnect());
    expect(await redis.del(`scalr:{${app}}:stage:act~${id}`)).toBe(1);
    await queue.enqueue(Act, { act: 'succeed' });
    const { url } = await startWorker({ app, providers: [Stage] });
    const job = { app, queue: 'stage', job_name: 'act' };
    await eventually(async () => {
      const { valueOf } = await scrape(url);
      expect(valueOf('scalr_queue_jobs_missing_total', job)).toBe(1);
      expect(valueOf('scalr_queue_jobs_completed_total', job)).toBe(1);
    });
  });

  it('tells the state of all queues of the app, of its workers and of Redis', async () => {
    const app = uniqueApp();
    const { queue, get } = await startProducer({ app });
    await queue.enqueue(Act, { act: 'discard' });
    await queue.enqueue(Act, { act: 'succeed' }, { delay: '1h' });
    const Other = defineJob('other', { queue: 'others' });
    await queue.enqueue(Other);
    const { url } = await startWorker({ app, providers: [Stage] });
    await get(QueuesService).pause('others');
    const stage = { app, scope: 'global', queue: 'stage' };
    const others = { ...stage, queue: 'others' };
    await eventually(async () => {
      const { valueOf } = await scrape(url);
      const count = (state: string) => valueOf('scalr_queue_jobs', { ...stage, state });
      expect(['waiting', 'delayed', 'running', 'dead'].map(count)).toEqual([0, 1, 0, 1]);
      expect(valueOf('scalr_queue_jobs', { ...others, state: 'waiting' })).toBe(1);
      expect(valueOf('scalr_queue_oldest_pending_age_seconds', others)).toBeGreaterThan(0);
      expect(valueOf('scalr_queue_oldest_pending_age_seconds', stage)).toBe(0);
      expect(valueOf('scalr_queue_paused', others)).toBe(1);
      expect(valueOf('scalr_queue_queue_workers', stage)).toBe(1);
      expect(valueOf('scalr_queue_queue_workers', others)).toBe(0);
      expect(valueOf('scalr_queue_unhandled_job_kinds', others)).toBe(1);
      expect(valueOf('scalr_queue_workers', { app, scope: 'global' })).toBe(1);
      expect(valueOf('scalr_queue_redis_up', { app })).toBe(1);
      expect(valueOf('scalr_queue_redis_durable', { app, scope: 'global' })).toBe(1);
      expect(valueOf('scalr_queue_redis_memory_bytes', { app, scope: 'global' })).toBeGreaterThan(100_000);
      expect(valueOf('scalr_queue_schedules', { app, scope: 'global', state: 'active' })).toBe(0);
    });
  });

  it('answers within a second while Redis hangs, without what only Redis knows', async () => {
    await using redis = await RedisServer.start();
    const { app, worker, queue, jobs } = await startBoth({ redis: redis.url, providers: [Stage] });
    await jobs.waitFor(await queue.enqueue(Act, { act: 'succeed' }), { timeout: '10s' });
    await eventually(async () =>
      expect((await scrape(worker.url)).valueOf('scalr_queue_redis_up', { app })).toBe(1),
    );
    redis.freeze();
    await eventually(async () => {
      const started = performance.now();
      const { valueOf, names } = await scrape(worker.url);
      expect(performance.now() - started).toBeLessThan(5_000);
      expect(valueOf('scalr_queue_redis_up', { app })).toBe(0);
      expect(names).toContain('scalr_queue_jobs_completed_total');
      expect(valueOf('scalr_queue_workers', { app, scope: 'global' })).toBeUndefined();
    });
    const started = performance.now();
    await Promise.all(Array.from({ length: 20 }, () => scrape(worker.url)));
    // The promise is a second for each; the rest is for twenty of them on a busy machine.
    expect(performance.now() - started).toBeLessThan(15_000);
    redis.thaw();
    await eventually(async () =>
      expect((await scrape(worker.url)).valueOf('scalr_queue_redis_up', { app })).toBe(1),
    );
  });

  it('says when Redis can lose jobs', async () => {
    await using redis = await RedisServer.start({ args: ['--maxmemory-policy', 'allkeys-lru'] });
    const { get, app } = await startQuietly(redis.url);
    await eventually(async () => {
      const { valueOf } = parseScrape(await get(ScalrQueueMetrics).text());
      expect(valueOf('scalr_queue_redis_durable', { app, scope: 'global' })).toBe(0);
    });
  });
});

async function startQuietly(redis: string) {
  const app = uniqueApp();
  return { app, ...(await startProducer({ app, redis })) };
}

describe('labels', () => {
  it('are bounded: names that no definition has, and those that are too many, are one', async () => {
    @Processor('legacy')
    class Legacy extends WorkerHost {
      async process() {}
    }

    @Injectable()
    class LegacyProducer {
      constructor(@InjectQueue('legacy') readonly queue: Queue) {}
    }
    const app = uniqueApp();
    const imports = [BullModule.registerQueue({ name: 'legacy' })];
    const { url } = await startWorker({ app, imports, providers: [Legacy] });
    const web = await startProducer({ app, imports, providers: [LegacyProducer] });
    for (let n = 0; n < 300; n++) await web.queue.enqueue(defineJob(`job-${n}`, { queue: 'many' }));
    const own = parseScrape(await web.get(ScalrQueueMetrics).text());
    const names = own.labelsOf('scalr_queue_jobs_enqueued_total', 'job_name');
    expect(names).toHaveLength(201);
    expect(
      own.valueOf('scalr_queue_jobs_enqueued_total', {
        app,
        queue: 'many',
        job_name: 'other',
        status: 'created',
      }),
    ).toBe(100);

    const hostile = [
      'a"b',
      'c\nd',
      'e\\f',
      '{job="x"}',
      ...Array.from({ length: 50 }, (_, n) => `name-${n}`),
    ];
    await web.get(LegacyProducer).queue.addBulk(hostile.map((name) => ({ name, data: {} })));
    await eventually(async () => {
      const { valueOf, labelsOf } = await scrape(url);
      const job = { app, queue: 'legacy', job_name: 'other' };
      expect(valueOf('scalr_queue_jobs_completed_total', job)).toBe(hostile.length);
      expect(labelsOf('scalr_queue_jobs_completed_total', 'job_name')).toEqual(['other']);
    });
  });
});

describe('GET /metrics of a web process', () => {
  async function startWeb() {
    const app = uniqueApp();
    const module = testModule({ app, imports: [ScalrQueueMetricsModule] });
    const web = await NestFactory.create(module, { logger: false, abortOnError: false });
    onTestFinished(() => web.close());
    await web.listen(0, '127.0.0.1');
    return { app, url: await web.getUrl() };
  }

  it('is there once the module is imported', async () => {
    const { app, url } = await startWeb();
    await eventually(async () =>
      expect((await scrape(url)).valueOf('scalr_queue_redis_up', { app })).toBe(1),
    );
  });

  it('is closed on the web port in production without a token', async () => {
    const { url } = await startWeb();
    vi.stubEnv('NODE_ENV', 'production');
    onTestFinished(() => void vi.unstubAllEnvs());
    expect((await fetch(`${url}/metrics`)).status).toBe(403);
  });

  it('wants the token where one is set, in the header only, on both ports', async () => {
    const { url: web } = await startWeb();
    const { url: worker } = await startWorker({ providers: [Stage] });
    vi.stubEnv('SCALR_METRICS_TOKEN', 'sesame');
    onTestFinished(() => void vi.unstubAllEnvs());
    for (const url of [web, worker]) {
      const status = async (path: string, authorization?: string) =>
        (await fetch(url + path, authorization ? { headers: { authorization } } : {})).status;
      expect(await status('/metrics')).toBe(401);
      expect(await status('/metrics?token=sesame&authorization=Bearer%20sesame')).toBe(401);
      for (const wrong of ['Bearer sesam', 'Bearer sesame2', 'sesame', 'Basic sesame'])
        expect(await status('/metrics', wrong)).toBe(401);
      expect(await status('/metrics', 'Bearer sesame')).toBe(200);
    }
  });
});
