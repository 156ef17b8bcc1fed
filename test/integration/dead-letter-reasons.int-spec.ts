import { Injectable } from '@nestjs/common';
import { fork } from 'node:child_process';
import { Redis } from 'ioredis';
import { once } from 'node:events';
import {
  DeadLetterService,
  type DeadReason,
  defineJob,
  ProcessJob,
  QueuesService,
  ScalrQueueMetrics,
} from 'scalr-queue';
import { z } from 'zod';
import { startBoth, startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { breaker, Break, Crack } from '../support/breaking-jobs.js';
import { commandLine } from '../support/command-line.js';
import { eventually } from '../support/eventually.js';
import { parseScrape } from '../support/prometheus-text.js';
import { sharedRedisUrl } from '../support/redis.js';

/** What an expiry does to the signs of life of workers that were killed. */
async function expireWorkers(app: string) {
  const redis = new Redis(sharedRedisUrl());
  const index = `scalr:{${app}}:~workers`;
  for (const id of await redis.hkeys(index)) await redis.del(`${index}:${id}`);
  redis.disconnect();
}

describe('the dead letters', () => {
  it('of a job that expired can be retried, and then it runs', async () => {
    const Stale = defineJob<void, string>('stale', { expiresIn: 20 });

    @Injectable()
    class StaleProcessor {
      @ProcessJob(Stale)
      run() {
        return 'ran';
      }
    }
    const app = uniqueApp();
    const { queue, jobs, get } = await startProducer({ app });
    const job = await queue.enqueue(Stale);
    const enqueuedAt = Date.now();
    await eventually(() => expect(Date.now() - enqueuedAt).toBeGreaterThan(30));
    await startWorker({ app, providers: [StaleProcessor] });
    const dead = get(DeadLetterService);
    await eventually(async () => expect((await dead.get(job.id))?.reason).toBe('expired'));
    await dead.retry({ reason: 'expired' });
    expect(await jobs.waitFor(job, { timeout: '10s' })).toBe('ran');
  });

  it('of a job that started in time can be retried after the time it had to start', async () => {
    const Hurry = defineJob<void, string>('hurry', { expiresIn: 300, retry: false });
    const mended = { yes: false };

    @Injectable()
    class HurryProcessor {
      @ProcessJob(Hurry)
      run() {
        if (!mended.yes) throw new Error('not yet');
        return 'ran';
      }
    }
    const { queue, jobs, get } = await startBoth({ providers: [HurryProcessor] });
    const dead = get(DeadLetterService);
    const enqueuedAt = Date.now();
    const job = await queue.enqueue(Hurry);
    await eventually(async () => expect((await dead.get(job.id))?.reason).toBe('attempts'));
    await eventually(() => expect(Date.now() - enqueuedAt).toBeGreaterThan(350));
    mended.yes = true;
    await dead.retry(job.id);
    expect(await jobs.waitFor(job, { timeout: '10s' })).toBe('ran');
  });

  it('are found apart by every reason, and by the error without its reason', async () => {
    const Strict = defineJob('strict', { payload: z.object({ n: z.number() }) });
    const Lax = defineJob<{ n: unknown }>('strict');
    const Stale = defineJob('stale', { expiresIn: 1 });
    const Strange = defineJob('strange');

    @Injectable()
    class StrictProcessor {
      @ProcessJob(Strict)
      run() {}

      @ProcessJob(Stale)
      stale() {}
    }
    const app = uniqueApp();
    const { queue, jobs, get } = await startProducer({ app });
    const dead = get(DeadLetterService);
    const stale = await queue.enqueue(Stale);
    const enqueuedAt = Date.now();
    const cancelled = await queue.enqueue(Crack, { text: 'never' });
    await jobs.cancel(cancelled.id);
    const ids: Partial<Record<DeadReason, string>> = {
      expired: stale.id,
      cancelled: cancelled.id,
      'invalid-payload': (await queue.enqueue(Lax, { n: 'one' })).id,
      attempts: (await queue.enqueue(Crack, { text: 'boom' })).id,
      discarded: (await queue.enqueue(Break, { text: 'useless', discard: true })).id,
      'unknown-job': (await queue.enqueue(Strange)).id,
    };
    await eventually(() => expect(Date.now() - enqueuedAt).toBeGreaterThan(5));
    const providers = [...breaker().providers, StrictProcessor];
    await startWorker({ app, providers, worker: { unknownJobTimeout: 100 } });
    await eventually(async () => expect(await dead.count()).toBe(6));
    for (const [reason, id] of Object.entries(ids) as [DeadReason, string][]) {
      const { jobs: found } = await dead.list({ reason });
      expect(found.map((job) => [job.id, job.reason])).toEqual([[id, reason]]);
      expect(await dead.count({ reason })).toBe(1);
    }
    expect(await dead.count({ reason: 'crashed' })).toBe(0);
    expect(await dead.count({ error: 'discarded' })).toBe(0);
    expect(await dead.count({ error: 'USELESS' })).toBe(1);
  });

  it('of a worker that was killed over it are found as crashed, and get all their crashes anew', async () => {
    const app = uniqueApp();
    const worker = { lockDuration: 500, stalledInterval: 100, maxCrashes: 1 };
    const { queue, jobs, get } = await startProducer({ app });
    const dead = get(DeadLetterService);
    const job = await queue.enqueue(Crack, { text: 'kills' });
    const script = new URL('children/hang-in-crack.mjs', import.meta.url);
    const pids: unknown[] = [];
    const crash = async () => {
      const child = fork(script, [sharedRedisUrl(), app]);
      pids.push(child.pid);
      const gone = once(child, 'exit');
      try {
        // The child boots first, which takes seconds of a core.
        const isRunning = async () => expect((await jobs.get(job.id))?.state).toBe('running');
        await eventually(isRunning, { timeout: 30_000 });
        // A quick one begins before its worker has said that it is there.
        const isKnown = async () => (await get(QueuesService).workers()).some(({ pid }) => pid === child.pid);
        await eventually(isKnown, { timeout: 30_000 });
      } finally {
        child.kill('SIGKILL');
        await gone;
      }
    };
    await crash();
    const { mended, providers } = breaker();
    mended.yes = true;
    const keeper = await startWorker({ app, providers, worker });
    await eventually(async () =>
      expect((await dead.list({ reason: 'crashed' })).jobs.map(({ id }) => id)).toEqual([job.id]),
    );
    expect(await dead.count({ error: 'crashed too often' })).toBe(1);
    await keeper.close();
    // Of those that were there only a web process is left: it tells both the stall and the worker that was killed.
    const { valueOf, names } = parseScrape(await get(ScalrQueueMetrics).text());
    expect(valueOf('scalr_queue_stalls', { app, queue: 'second', scope: 'global' })).toBe(1);
    expect(names).not.toContain('scalr_queue_jobs_stalled_total');
    await expireWorkers(app);
    const doctor = await commandLine(app, sharedRedisUrl())('doctor --budget 100ms');
    expect(doctor.out).toMatch(
      new RegExp(
        `A worker died without shutting down within a day; the last, process ${String(pids[0])} on \\S+, at 2\\S+Z `,
      ),
    );
    expect(doctor.code).toBe(0);
    await dead.retry({ reason: 'crashed' });
    await crash();
    await startWorker({ app, providers, worker: { ...worker, maxCrashes: 2 } });
    await jobs.waitFor(job, { timeout: '20s' });
  });
});
