import { BullModule, Processor, WorkerHost } from '@nestjs/bullmq';
import { Injectable } from '@nestjs/common';
import type { Job } from 'bullmq';
import { Redis } from 'ioredis';
import {
  DeadLetterService,
  defineJob,
  Discard,
  JobContext,
  JobEvents,
  JobsService,
  ProcessJob,
  QueuesService,
  RetryLater,
  Snooze,
} from 'scalr-queue';
import { onTestFinished } from 'vitest';
import { startBoth } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { sharedRedisUrl } from '../support/redis.js';

type End = 'complete' | 'discard' | 'fail' | 'retry later' | 'snooze' | 'wait';

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
      if (end === 'complete') return 'ran';
      if (end === 'discard') throw new Discard('over');
      if (end === 'retry later') throw new RetryLater('1h');
      if (end === 'snooze') throw new Snooze('1h');
      throw new Error('failed');
    }
  }
  return { runs, Runner, quietWhen: (condition: () => Promise<unknown>) => (quiet = condition) };
}

/** Runs of one process; a worker asks about 500 in one round trip. */
const MANY = 520;

async function start(worker = {}) {
  const { runs, Runner, quietWhen } = bench();
  const app = await startBoth({ providers: [Runner], worker }, { shutdownTimeout: 0 });
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
    await eventually(async () => expect(await dead.delete('anew')).toMatchObject({ deleted: 1 }));
    await queue.enqueue(Run, { end: 'discard' }, { id: 'anew' });
    expect(await jobs.waitFor('anew', { timeout: '10s' })).toBe('ran');
  });

  it.each(['fail', 'retry later', 'snooze'] as const)(
    'that ended in "%s" ends the job all the same',
    async (end) => {
      const { queue, jobs, redis, requests, worker } = await start();
      const told: unknown[] = [];
      worker.context.get(JobEvents, { strict: false }).on('cancelled', (event) => void told.push(event));
      const job = await queue.enqueue(Run, { end }, { unique: true });
      await expect(jobs.waitFor(job, { timeout: '5s' })).rejects.toMatchObject({ code: 'JOB_CANCELLED' });
      expect(await jobs.get(job.id)).toMatchObject({ state: 'dead', reason: 'cancelled' });
      await eventually(() =>
        expect(told).toEqual([{ id: job.id, name: 'run', queue: 'default', was: 'running' }]),
      );
      expect(await queue.enqueue(Run, { end: 'wait' }, { unique: true })).toMatchObject({
        status: 'created',
      });
      expect(await redis.zcard(requests)).toBe(0);
    },
  );

  it('leaves a job alone that completes before it is heard, and nothing behind', async () => {
    const { queue, jobs, redis, requests } = await start();
    const job = await queue.enqueue(Run, { end: 'complete' });
    expect(await jobs.waitFor(job, { timeout: '10s' })).toBe('ran');
    await eventually(async () => expect(await redis.zcard(requests)).toBe(0));
    expect(await jobs.get(job.id)).toMatchObject({ state: 'completed', result: 'ran' });
    const stored = requests.replace('~cancels', `default:run~${job.id}`);
    expect(await redis.hmget(stored, 'name', 'defa')).toEqual(['run', null]);
  });

  it('is heard soon, however many others there are', async () => {
    const { queue, jobs, redis, requests, runs } = await start();
    const lately = Date.now() - 60_000;
    const others = Array.from({ length: 3_000 }, (_, n) => [lately, `default run~${n}`]).flat();
    await redis.zadd(requests, ...others);
    const job = await queue.enqueue(Run, { end: 'wait' });
    await eventually(() => expect(runs).toEqual([job.id]));
    expect(await jobs.cancel(job.id)).toBe('cancelling');
    await eventually(
      async () => expect(await jobs.get(job.id)).toMatchObject({ state: 'dead', reason: 'cancelled' }),
      { timeout: 4_000 },
    );
    await eventually(async () => expect(await redis.zcard(requests)).toBe(0));
  });

  it('stops each of many runs that were asked to stop, and only those, and leaves nothing behind', async () => {
    const { queue, jobs, get, runs, redis, requests } = await start({ concurrency: MANY });
    const sent = await queue.enqueueMany(
      Run,
      Array.from({ length: MANY }, () => ({ end: 'wait' as const })),
    );
    await eventually(() => expect(runs).toHaveLength(MANY));
    const [kept, ...others] = sent;
    // The first ones and the last: of more runs than are asked about in one round trip.
    const asked = [...others.slice(0, 99), others.at(-1)!];
    const outcomes = await Promise.all(asked.map(({ id }) => jobs.cancel(id)));
    expect(new Set(outcomes)).toEqual(new Set(['cancelling']));
    const ends = await Promise.all(
      asked.map((job) => jobs.waitFor(job, { timeout: '20s' }).catch(({ code }: { code: string }) => code)),
    );
    expect(new Set(ends)).toEqual(new Set(['JOB_CANCELLED']));
    await eventually(async () => expect(await redis.zcard(requests)).toBe(0));
    expect(await jobs.get(kept!.id)).toMatchObject({ state: 'running' });
    const [state] = await get(QueuesService).list();
    expect(state).toMatchObject({ running: MANY - asked.length, dead: asked.length });
    const job = requests.replace('~cancels', `default:run~${asked[0]!.id}`);
    expect(await redis.hmget(job, 'name', 'defa')).toEqual(['run', null]);
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
