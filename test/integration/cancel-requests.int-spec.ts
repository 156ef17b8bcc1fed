import { BullModule, Processor, WorkerHost } from '@nestjs/bullmq';
import { Injectable } from '@nestjs/common';
import type { Job } from 'bullmq';
import { Redis } from 'ioredis';
import {
  DeadLetterService,
  defineJob,
  Discard,
  JobContext,
  JobsService,
  ProcessJob,
  RetryLater,
  Snooze,
} from 'scalr-queue';
import { onTestFinished } from 'vitest';
import { startBoth } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { sharedRedisUrl } from '../support/redis.js';

type End = 'discard' | 'fail' | 'retry later' | 'snooze' | 'wait';

const Run = defineJob<{ end: End }, string>('run', { retry: { attempts: 5, delay: '1h' }, keep: { ids: 0 } });
const Foreign = defineJob('foreign', { queue: 'classes' });

/** A handler that asks to cancel its own job, in its first run, and ends that run before a worker can have heard of it. */
function bench() {
  const runs: string[] = [];
  let quiet: () => Promise<unknown>;

  @Injectable()
  class Runner {
    constructor(private readonly jobs: JobsService) {}

    @ProcessJob(Run)
    async run({ end }: { end: End }, ctx: JobContext): Promise<string> {
      runs.push(ctx.id);
      const aborted = new Promise<never>((_resolve, reject) =>
        ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason as Error)),
      );
      aborted.catch(() => undefined);
      if (end === 'wait') return aborted;
      if (runs.filter((id) => id === ctx.id).length > 1) {
        await Promise.race([aborted, quiet()]);
        return 'ran';
      }
      expect(await this.jobs.cancel(ctx.id)).toBe('cancelling');
      if (end === 'discard') throw new Discard('over');
      if (end === 'retry later') throw new RetryLater('1h');
      if (end === 'snooze') throw new Snooze('1h');
      throw new Error('failed');
    }
  }
  return { runs, Runner, quietWhen: (condition: () => Promise<unknown>) => (quiet = condition) };
}

async function start() {
  const { runs, Runner, quietWhen } = bench();
  const app = await startBoth({ providers: [Runner] });
  const redis = new Redis(sharedRedisUrl());
  onTestFinished(() => redis.disconnect());
  const requests = `scalr:{${app.app}}:~cancels`;
  quietWhen(() => eventually(async () => expect(await redis.zcard(requests)).toBe(0)));
  return { ...app, runs, redis, requests };
}

describe('a request to cancel a run', () => {
  it('does not stop a later run: of a retried job, or of a new job with the same id', async () => {
    const { queue, jobs, get } = await start();
    const dead = get(DeadLetterService);
    await queue.enqueue(Run, { end: 'discard' }, { id: 'again' });
    await eventually(async () => expect(await jobs.get('again')).toMatchObject({ reason: 'discarded' }));
    expect(await dead.retry('again')).toMatchObject({ retried: 1 });
    expect(await jobs.waitFor('again', { timeout: '10s' })).toBe('ran');

    await queue.enqueue(Run, { end: 'discard' }, { id: 'anew' });
    await eventually(async () => expect(await dead.discard('anew')).toMatchObject({ discarded: 1 }));
    await queue.enqueue(Run, { end: 'discard' }, { id: 'anew' });
    expect(await jobs.waitFor('anew', { timeout: '10s' })).toBe('ran');
  });

  it.each(['fail', 'retry later', 'snooze'] as const)(
    'that ended in "%s" ends the job all the same',
    async (end) => {
      const { queue, jobs, redis, requests } = await start();
      const job = await queue.enqueue(Run, { end }, { unique: true });
      await expect(jobs.waitFor(job, { timeout: '5s' })).rejects.toMatchObject({ code: 'JOB_CANCELLED' });
      expect(await jobs.get(job.id)).toMatchObject({ state: 'dead', reason: 'cancelled' });
      expect(await queue.enqueue(Run, { end: 'wait' }, { unique: true })).toMatchObject({
        status: 'created',
      });
      expect(await redis.zcard(requests)).toBe(0);
    },
  );

  it('is heard within a second, however many others there are', async () => {
    const { queue, jobs, redis, requests, runs } = await start();
    const lately = Date.now() - 60_000;
    const others = Array.from({ length: 3_000 }, (_, n) => [lately, `default run~${n}`]).flat();
    await redis.zadd(requests, ...others);
    const job = await queue.enqueue(Run, { end: 'wait' });
    await eventually(() => expect(runs).toEqual([job.id]));
    expect(await jobs.cancel(job.id)).toBe('cancelling');
    await eventually(
      async () => expect(await jobs.get(job.id)).toMatchObject({ state: 'dead', reason: 'cancelled' }),
      { timeout: 1_500 },
    );
    await eventually(async () => expect(await redis.zcard(requests)).toBe(0));
  });

  it('aborts the signal of a class written for @nestjs/bullmq', async () => {
    const reasons: unknown[] = [];

    @Processor('classes')
    class Classes extends WorkerHost {
      override async process(_job: Job, _token?: string, signal?: AbortSignal): Promise<void> {
        reasons.push('started');
        await new Promise((resolve) => signal?.addEventListener('abort', resolve));
        reasons.push(signal?.reason);
        throw new Error('stopped');
      }
    }
    const { queue, jobs } = await startBoth({
      imports: [BullModule.registerQueue({ name: 'classes' })],
      providers: [Classes],
    });
    const job = await queue.enqueue(Foreign);
    await eventually(() => expect(reasons).toEqual(['started']));
    expect(await jobs.cancel(job.id)).toBe('cancelling');
    await expect(jobs.waitFor(job, { timeout: '5s' })).rejects.toMatchObject({ code: 'JOB_CANCELLED' });
    expect(reasons).toHaveLength(2);
  });
});
