import { Injectable, Logger } from '@nestjs/common';
import { Redis } from 'ioredis';
import { defineJob, JobFailedError, ProcessJob, WaitTimeoutError } from 'scalr-queue';
import { z } from 'zod';
import { startBoth, startProducer } from '../support/apps.js';
import { RedisServer } from '../support/redis.js';

const Double = defineJob('double', {
  payload: z.object({ n: z.number() }),
  result: z.object({ twice: z.number() }),
});
const Never = defineJob('never');

@Injectable()
class DoubleProcessor {
  @ProcessJob(Double)
  run({ n }: { n: number }) {
    if (n < 0) throw new Error('negative');
    return { twice: 2 * n };
  }
}

describe('waiting for a job', () => {
  it('gives the typed result of enqueueAndWait, and its failure', async () => {
    const { queue } = await startBoth({ providers: [DoubleProcessor] });
    const { twice } = await queue.enqueueAndWait(Double, { n: 21 }, { waitFor: '10s' });
    expect(twice).toBe(42);
    const failing = queue.enqueueAndWait(Double, { n: -1 }, { waitFor: '10s', retry: false });
    await expect(failing).rejects.toThrow(JobFailedError);
  });

  it('leaves no complaint of Redis when the process closes right after it', async () => {
    const { queue, context } = await startBoth({ providers: [DoubleProcessor] });
    const warn = vi.spyOn(Logger.prototype, 'warn');
    onTestFinished(() => warn.mockRestore());
    await queue.enqueueAndWait(Double, { n: 1 }, { waitFor: '10s' });
    await context.close();
    // What the cut connection had to say, it has said when another one has closed after it.
    await (await startProducer({})).context.close();
    expect(warn.mock.calls.filter(([line]) => String(line).startsWith('Redis at'))).toEqual([]);
  });

  it('works when the result came before the wait, and again', async () => {
    const { queue, jobs } = await startBoth({ providers: [DoubleProcessor] });
    const job = await queue.enqueue(Double, { n: 1 });
    expect(await jobs.waitFor(job, { timeout: '10s' })).toEqual({ twice: 2 });
    expect(await jobs.waitFor(job.id, { timeout: '10s' })).toEqual({ twice: 2 });
  });

  it('ends when its process closes, and says so', async () => {
    const { queue, jobs, context } = await startProducer({});
    const job = await queue.enqueue(Never);
    const end = jobs.waitFor(job, { timeout: '1h' }).catch(({ code }: { code: string }) => code);
    await context.close();
    expect(await end).toBe('QUEUE_CLOSED');
  });

  it('ends at its time limit, which is mandatory, and for jobs that are not there', async () => {
    const { queue, jobs } = await startProducer({});
    const job = await queue.enqueue(Never);
    await expect(jobs.waitFor(job, { timeout: 100 })).rejects.toThrow(WaitTimeoutError);
    await expect(jobs.waitFor('unknown', { timeout: '10s' })).rejects.toMatchObject({ reason: 'not-found' });
    await expect(jobs.waitFor(job, {} as never)).rejects.toThrow(/expected timeout to be a duration/);
    await expect(queue.enqueueAndWait(Double, { n: 1 }, {} as never)).rejects.toThrow(
      /expected waitFor to be a duration/,
    );
  });

  it('holds a constant number of Redis connections for 500 concurrent waits', async () => {
    await using redis = await RedisServer.start();
    const { queue, jobs } = await startBoth({
      redis: redis.url,
      providers: [DoubleProcessor],
      worker: { concurrency: 50 },
    });
    const client = new Redis(redis.url);
    const connections = async () => ((await client.client('LIST')) as string).trim().split('\n').length;
    // One wait long enough for everything to be connected.
    const never = await queue.enqueue(Never);
    await expect(jobs.waitFor(never, { timeout: '1s' })).rejects.toThrow(WaitTimeoutError);
    const withOne = await connections();
    const sent = await queue.enqueueMany(
      Double,
      Array.from({ length: 500 }, (_, n) => ({ n })),
    );
    const waits = sent.map((job) => jobs.waitFor(job, { timeout: '30s' }));
    const during = await connections();
    const results = await Promise.all(waits);
    expect(results[499]).toEqual({ twice: 998 });
    expect(during).toBe(withOne);
    expect(await connections()).toBe(withOne);
    client.disconnect();
  });
});
