import { Injectable } from '@nestjs/common';
import { Redis } from 'ioredis';
import { DeadLetterService, defineJob, JobContext, ProcessJob } from 'scalr-queue';
import { onTestFinished } from 'vitest';
import { startBoth, startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { sharedRedisUrl } from '../support/redis.js';

const Long = defineJob<{ heed: boolean }, string>('long', { retry: { attempts: 5, delay: 10 } });

function bench() {
  const log: string[] = [];

  @Injectable()
  class LongProcessor {
    @ProcessJob(Long)
    async run({ heed }: { heed: boolean }, ctx: JobContext) {
      log.push(`attempt ${ctx.attempt}`);
      await new Promise<void>((resolve) => {
        ctx.signal.addEventListener('abort', () => {
          log.push((ctx.signal.reason as Error).name);
          if (heed) resolve();
        });
      });
      return 'heeded';
    }
  }
  return { log, providers: [LongProcessor] };
}

describe('cancelling a job', () => {
  it('ends waiting, prioritized and delayed jobs at once; they never run', async () => {
    const app = uniqueApp();
    const { queue, jobs } = await startProducer({ app });
    const kinds = [
      await queue.enqueue(Long, { heed: true }),
      await queue.enqueue(Long, { heed: true }, { priority: 5 }),
      await queue.enqueue(Long, { heed: true }, { delay: '1h' }),
    ];
    for (const { id } of kinds) {
      expect(await jobs.cancel(id)).toBe('cancelled');
      expect(await jobs.get(id)).toMatchObject({ state: 'dead', reason: 'cancelled', attempt: 0 });
      expect(await jobs.cancel(id)).toBe('finished');
      await expect(jobs.waitFor(id, { timeout: '5s' })).rejects.toMatchObject({
        code: 'JOB_CANCELLED',
        jobId: id,
      });
    }
    const { log, providers } = bench();
    await startWorker({ app, providers });
    const probe = await queue.enqueue(Long, { heed: true });
    await eventually(() => expect(log).toEqual(['attempt 1']));
    await jobs.cancel(probe.id);
  });

  it('aborts a running job on whichever worker runs it, and it is not retried', async () => {
    const { log, providers } = bench();
    const { app, queue, jobs } = await startBoth({ providers });
    await startWorker({ app, providers });
    for (const heed of [true, false]) {
      log.length = 0;
      const job = await queue.enqueue(Long, { heed });
      await eventually(() => expect(log).toEqual(['attempt 1']));
      expect(await jobs.cancel(job.id)).toBe('cancelling');
      await eventually(async () =>
        expect(await jobs.get(job.id)).toMatchObject({ state: 'dead', reason: 'cancelled' }),
      );
      expect(log).toEqual(['attempt 1', 'JobCancelledError']);
    }
  });

  it('frees the unique key of a cancelled job', async () => {
    const { queue, jobs } = await startProducer({});
    const first = await queue.enqueue(Long, { heed: true }, { unique: true });
    await jobs.cancel(first.id);
    expect(await queue.enqueue(Long, { heed: true }, { unique: true })).toMatchObject({ status: 'created' });
  });

  it('leaves a unique key alone that another job holds by now', async () => {
    const { queue, jobs } = await startProducer({});
    const send = (id: string, window?: number) =>
      queue.enqueue(Long, { heed: true }, { id, unique: window ? { for: window } : true });
    await send('first', 100);
    // Its window is over, and it still waits.
    const second = await eventually(async () => {
      const other = await send('second');
      expect(other.status).toBe('created');
      return other;
    });
    expect(await jobs.cancel('first')).toBe('cancelled');
    expect(await send('third')).toMatchObject({ status: 'duplicate', id: second.id });
    expect(await jobs.cancel('second')).toBe('cancelled');
    expect(await send('fourth')).toMatchObject({ status: 'created' });
  });

  it('twice, while it ran and when it waits again, leaves a dead job that can be retried', async () => {
    const app = uniqueApp();
    const { queue, jobs, get } = await startProducer({ app });
    const { id } = await queue.enqueue(Long, { heed: true });
    const redis = new Redis(sharedRedisUrl());
    onTestFinished(() => redis.disconnect());
    const list = (name: string) => `scalr:{${app}}:default:${name}`;
    // As a worker takes it that is killed before it hears of the request, and as others put it back.
    await redis.rpoplpush(list('wait'), list('active'));
    expect(await jobs.cancel(id)).toBe('cancelling');
    await redis.rpoplpush(list('active'), list('wait'));
    expect(await jobs.cancel(id)).toBe('cancelled');
    expect(await get(DeadLetterService).retry(id)).toEqual({ matched: 1, retried: 1 });
    const { log, providers } = bench();
    await startWorker({ app, providers });
    await eventually(() => expect(log).toEqual(['attempt 1']));
    expect(await jobs.get(id)).toMatchObject({ state: 'running' });
    await jobs.cancel(id);
  });

  it('is honest about jobs that are not there', async () => {
    const { queue, jobs } = await startProducer({});
    expect(await jobs.cancel('never-was')).toBe('not-found');
    await queue.enqueue(Long, { heed: true });
    expect(await jobs.cancel('never-was')).toBe('not-found');
    await expect(jobs.cancel('')).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  });
});
