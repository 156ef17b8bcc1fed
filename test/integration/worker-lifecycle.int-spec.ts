import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { defineJob, JobContext, ProcessJob } from 'scalr-queue';
import { startBoth, startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { capturedLog } from '../support/captured-log.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/ports.js';
import { RedisServer } from '../support/redis.js';

const Work = defineJob<{ until: 'released' | 'aborted' | 'never' }, string>('work', {
  retry: { attempts: 3, delay: 10 },
});

/** A handler that tells when it runs and ends when the test says so. */
function workBench() {
  const log: string[] = [];
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));

  @Injectable()
  class Database implements OnModuleDestroy {
    onModuleDestroy() {
      log.push('database closed');
    }
  }

  @Injectable()
  class WorkProcessor {
    constructor(readonly database: Database) {}

    @ProcessJob(Work)
    async run({ until }: { until: string }, ctx: JobContext) {
      log.push(`attempt ${ctx.attempt} started`);
      if (until === 'released') await released;
      if (until === 'never') await new Promise(() => undefined);
      if (until === 'aborted') {
        await new Promise<void>((resolve) => {
          ctx.signal.addEventListener('abort', () => {
            log.push((ctx.signal.reason as Error).name);
            resolve();
          });
        });
      }
      log.push('finished');
      return 'done';
    }
  }
  Reflect.defineMetadata('design:paramtypes', [Database], WorkProcessor);
  return { log, release, providers: [Database, WorkProcessor] };
}

const status = async (url: string) => (await fetch(url)).status;

describe('health of a worker', () => {
  it('tells live, startup, ready and a report without hosts or versions', async () => {
    const { worker } = await startBoth({ providers: workBench().providers });
    for (const path of ['live', 'startup', 'ready'])
      expect(await status(`${worker.url}/health/${path}`)).toBe(200);
    const response = await fetch(`${worker.url}/health`);
    const text = await response.text();
    expect(response.status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({
      status: 'ok',
      details: {
        redis: { status: 'up' },
        queues: { status: 'up', queues: [{ name: 'default', waiting: 0, oldestPendingAgeMs: 0 }] },
        worker: { status: 'up', phase: 'running', draining: false },
      },
    });
    expect(text).not.toMatch(/127\.0\.0\.1|redis:\/\/|version|stack/);
  });

  it('listens where it is told to, says so, and does not name its framework', async () => {
    const everywhere = capturedLog();
    const { url } = await startWorker({}, { logger: everywhere.logger });
    expect(everywhere.lines('log')).toContain(`Worker ready, health at ${url}/health, on all interfaces`);
    expect((await fetch(`${url}/health`)).headers.has('x-powered-by')).toBe(false);

    const here = capturedLog();
    vi.stubEnv('SCALR_WORKER_HOST', '127.0.0.1');
    onTestFinished(() => void vi.unstubAllEnvs());
    const { url: local } = await startWorker({}, { logger: here.logger });
    expect(here.lines('log')).toContain(`Worker ready, health at ${local}/health`);
    await expect(fetch(local.replace('127.0.0.1', '127.0.0.2'))).rejects.toThrow('fetch failed');
    expect(await status(`${url.replace('127.0.0.1', '127.0.0.2')}/health/live`)).toBe(200);

    await expect(startWorker({}, { host: '192.0.2.1' })).rejects.toThrow(
      '"192.0.2.1" is no address of this machine: set SCALR_WORKER_HOST, or the option host,',
    );
    await expect(startWorker({}, { host: 'localhost:3001' })).rejects.toThrow(
      'expected host to be a host name',
    );
  });

  it('stays live, answers within a second and is not ready while Redis is frozen', async () => {
    await using redis = await RedisServer.start();
    const worker = await startWorker({ redis: redis.url, providers: workBench().providers });
    expect(await status(`${worker.url}/health/ready`)).toBe(200);
    redis.freeze();
    await eventually(async () => expect(await status(`${worker.url}/health/ready`)).toBe(503), {
      timeout: 6_000,
    });
    const started = performance.now();
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        status(`${worker.url}/health${['', '/ready', '/live'][index % 3]}`),
      ),
    );
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(answers.filter((_, index) => index % 3 === 2)).toEqual(Array.from({ length: 10 }, () => 200));
    redis.thaw();
    await eventually(async () => expect(await status(`${worker.url}/health/ready`)).toBe(200), {
      timeout: 6_000,
    });
  });

  it('comes up before Redis does and gets ready when Redis is there', async () => {
    const port = await freePort();
    const workerPort = await freePort();
    const bench = workBench();
    const app = uniqueApp();
    const booting = startWorker(
      { app, redis: `redis://127.0.0.1:${port}`, providers: bench.providers },
      { port: workerPort },
    );
    const url = `http://127.0.0.1:${workerPort}/health`;
    await eventually(async () => expect(await status(`${url}/startup`)).toBe(200));
    expect(await status(`${url}/live`)).toBe(200);
    expect(await status(`${url}/ready`)).toBe(503);
    await using redis = await RedisServer.start({ port });
    const worker = await booting;
    const { queue, jobs } = await startProducer({ app, redis: redis.url });
    bench.release();
    expect(await jobs.waitFor(await queue.enqueue(Work, { until: 'released' }), { timeout: '10s' })).toBe(
      'done',
    );
    await worker.close();
  });
});

describe('shutting a worker down', () => {
  it('waits for running jobs, is not ready meanwhile, and closes the database after them', async () => {
    const { log, release, providers } = workBench();
    const app = uniqueApp();
    const { queue, jobs } = await startProducer({ app });
    const { logger, lines } = capturedLog();
    const worker = await startWorker({ app, providers }, { shutdownTimeout: '20s', logger });
    const running = await queue.enqueue(Work, { until: 'released' });
    await eventually(() => expect(log).toContain('attempt 1 started'));
    const closed = worker.close();
    await eventually(async () => expect(await status(`${worker.url}/health/ready`)).toBe(503));
    expect(await status(`${worker.url}/health/live`)).toBe(200);
    expect(await (await fetch(`${worker.url}/health`)).json()).toMatchObject({
      status: 'error',
      details: { worker: { status: 'down', phase: 'draining', draining: true, running: 1 } },
    });
    const late = await queue.enqueue(Work, { until: 'released' });
    expect(log).not.toContain('database closed');
    release();
    await closed;
    expect(log).toEqual(['attempt 1 started', 'finished', 'database closed']);
    expect(lines('log').at(-1)).toBe('Shutdown: 1 finished, 0 handed back');
    expect(await jobs.get(running.id)).toMatchObject({ state: 'completed', result: 'done' });
    expect(await jobs.get(late.id)).toMatchObject({ state: 'waiting', attempt: 0 });
  });

  it('aborts and hands back what does not finish in time, at once and with no attempt used', async () => {
    const first = workBench();
    const app = uniqueApp();
    const { queue, jobs } = await startProducer({ app });
    const log = capturedLog();
    const run = { shutdownTimeout: 200, logger: log.logger };
    const old = await startWorker({ app, providers: first.providers }, run);
    const aborted = await queue.enqueue(Work, { until: 'aborted' });
    const deaf = await queue.enqueue(Work, { until: 'never' });
    await eventually(() => expect(first.log).toHaveLength(2));
    const started = performance.now();
    await old.close();
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(first.log).toContain('WorkerShutdownError');
    expect(log.lines('log').at(-1)).toBe('Shutdown: 0 finished, 2 handed back');
    expect(await jobs.get(aborted.id)).toMatchObject({ state: 'waiting', attempt: 0 });
    expect(await jobs.get(deaf.id)).toMatchObject({ state: 'waiting', attempt: 0 });

    const second = workBench();
    await startWorker({ app, providers: second.providers });
    await eventually(() => expect(second.log.filter((line) => line === 'attempt 1 started')).toHaveLength(2));
  });

  it('waits for nothing when it is idle, not even for a frozen Redis', async () => {
    await using redis = await RedisServer.start();
    const worker = await startWorker(
      { redis: redis.url, providers: workBench().providers },
      { shutdownTimeout: '40s' },
    );
    redis.freeze();
    const started = performance.now();
    await worker.close();
    expect(performance.now() - started).toBeLessThan(20_000);
    redis.thaw();
  });

  it('ends within the timeout and a second when Redis is frozen or gone', async () => {
    for (const fault of ['freeze', 'kill'] as const) {
      await using redis = await RedisServer.start();
      const { log, providers } = workBench();
      const app = uniqueApp();
      const worker = await startWorker({ app, redis: redis.url, providers }, { shutdownTimeout: 300 });
      const { queue } = await startProducer({ app, redis: redis.url });
      await queue.enqueue(Work, { until: 'never' });
      await eventually(() => expect(log).toContain('attempt 1 started'));
      await redis[fault]();
      const started = performance.now();
      await worker.close();
      expect(performance.now() - started).toBeLessThan(10_000);
      if (fault === 'freeze') redis.thaw();
    }
  });
});
