import { BullModule, Processor, WorkerHost } from '@nestjs/bullmq';
import { Injectable } from '@nestjs/common';
import type { Job } from 'bullmq';
import { Redis } from 'ioredis';
import { defineJob, type JobContext, JobEvents, ProcessJob, RetryLater, Snooze } from 'scalr-queue';
import { onTestFinished } from 'vitest';
import { startBoth, startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { capturedLog } from '../support/captured-log.js';
import { eventually } from '../support/eventually.js';
import { sharedRedisUrl } from '../support/redis.js';

type End = 'return' | 'snooze' | 'retry later';
const LOCK = 1_000;
const LOST = 'the lock of the job was lost, it may run elsewhere';
const Long = defineJob<{ end: End }, string>('long', { retry: { attempts: 5, delay: '1h' } });
const Class = defineJob<void, string>('class', { queue: 'classes' });
const worker = { lockDuration: LOCK, stalledInterval: 300 };

/** Handlers that tell of their runs, and a look behind the scenes. */
function bench() {
  const runs: string[] = [];
  const events: string[] = [];
  const reasons: string[] = [];
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const aborted = (signal: AbortSignal) =>
    new Promise<void>((resolve) =>
      signal.addEventListener('abort', () => {
        const reason: unknown = signal.reason;
        reasons.push(reason instanceof Error ? reason.message : String(reason));
        resolve();
      }),
    );

  @Injectable()
  class Runner {
    constructor(told: JobEvents) {
      for (const name of ['stalled', 'lock-lost'] as const)
        told.on(name, ({ id }) => void events.push(`${name} ${id}`));
    }

    @ProcessJob(Long)
    async run({ end }: { end: End }, { attempt, signal }: JobContext) {
      runs.push(`attempt ${attempt}`);
      void aborted(signal);
      await released;
      if (end === 'snooze') throw new Snooze('1h');
      if (end === 'retry later') throw new RetryLater('1h');
      return 'done';
    }
  }

  @Processor('classes')
  class Classes extends WorkerHost {
    override async process(job: Job, _token?: string, signal?: AbortSignal): Promise<string> {
      runs.push(`class ${job.attemptsMade}`);
      if (runs.length > 1) return 'again';
      await aborted(signal!);
      await released;
      throw new Error('stopped');
    }
  }
  return { runs, events, reasons, Runner, Classes, release };
}

/** Takes the lock of a running job as another worker does whose stall check found it. */
async function takeLock(app: string, queue: string, name: string, id: string) {
  const redis = new Redis(sharedRedisUrl());
  onTestFinished(() => redis.disconnect());
  const key = `scalr:{${app}}:${queue}:${name}~${id}`;
  expect(await redis.exists(`${key}:lock`)).toBe(1);
  await redis.set(`${key}:lock`, 'another-worker:0', 'PX', 60_000);
  return { redis, key };
}

describe('the lock of a job', () => {
  it('is kept while its handler runs, however long, so that no other worker takes the job', async () => {
    const { runs, events, Runner, release } = bench();
    const { app, queue, jobs } = await startBoth({ providers: [Runner], worker });
    await startWorker({ app, providers: [Runner], worker });
    const job = await queue.enqueue(Long, { end: 'return' });
    await eventually(() => expect(runs).toEqual(['attempt 1']));
    const startedAt = Date.now();
    // Not renewed, it would be gone by now, and the job found by the other worker.
    await eventually(() => Date.now() > startedAt + 2.2 * LOCK);
    expect(runs).toEqual(['attempt 1']);
    release();
    expect(await jobs.waitFor(job, { timeout: '10s' })).toBe('done');
    expect(events).toEqual([]);
  });

  it.each<[End, string]>([
    ['return', 'at once'],
    ['snooze', 'at once'],
    ['retry later', 'at once'],
    ['return', 'when told to stop'],
  ])(
    'that another worker holds stops the run, which has no say in what becomes of the job: %s %s',
    async (end, when) => {
      const { runs, events, reasons, Runner, release } = bench();
      const log = capturedLog();
      const app = uniqueApp();
      const { queue, jobs } = await startProducer({ app });
      await startWorker({ app, providers: [Runner], worker }, { logger: log.logger });
      const job = await queue.enqueue(Long, { end });
      await eventually(() => expect(runs).toEqual(['attempt 1']));
      const { redis, key } = await takeLock(app, 'default', 'long', job.id);
      if (when === 'at once') release();
      else await eventually(() => reasons.includes(LOST));
      await eventually(() => expect(events).toEqual([`lock-lost ${job.id}`]));
      release();
      // What comes after it has its turn.
      await eventually(async () => {
        const next = await queue.enqueue(Long, { end: 'return' });
        expect(await jobs.waitFor(next, { timeout: '5s' })).toBe('done');
      });
      expect(await jobs.get(job.id)).toMatchObject({ state: 'running', attempt: 1 });
      expect(await redis.get(`${key}:lock`)).toBe('another-worker:0');
      expect(events).toEqual([`lock-lost ${job.id}`]);
      expect([...log.lines('warn'), ...log.lines('error')].filter((line) => /Redis at/.test(line))).toEqual(
        [],
      );
    },
  );

  it('that another worker holds stops a class of @nestjs/bullmq, whose end is of no account once that worker hands back', async () => {
    const { runs, events, reasons, Runner, Classes, release } = bench();
    const { app, queue, jobs } = await startBoth({
      imports: [BullModule.registerQueue({ name: 'classes' })],
      providers: [Runner, Classes],
      worker: { ...worker, concurrency: 1 },
    });
    const job = await queue.enqueue(Class);
    await eventually(() => expect(runs).toEqual(['class 0']));
    const { redis, key } = await takeLock(app, 'classes', 'class', job.id);
    await eventually(() => expect(reasons).toEqual([LOST]));
    const since = Date.now();
    // It goes on meanwhile, and is told of once, not with every renewal.
    await eventually(() => Date.now() > since + LOCK / 2);
    expect(events).toEqual([`lock-lost ${job.id}`]);
    const list = key.slice(0, key.lastIndexOf(':'));
    const storedId = key.slice(list.length + 1);
    await redis
      .multi()
      .del(`${key}:lock`)
      .lrem(`${list}:active`, 0, storedId)
      .rpush(`${list}:wait`, storedId)
      .exec();
    release();
    expect(await jobs.waitFor(job, { timeout: '20s' })).toBe('again');
    expect(runs).toEqual(['class 0', 'class 0']);
  });
});
