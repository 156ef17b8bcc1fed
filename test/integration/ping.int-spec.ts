import { BullModule, Processor, WorkerHost } from '@nestjs/bullmq';
import { Injectable } from '@nestjs/common';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { hostname } from 'node:os';
import {
  defineJob,
  JobEvents,
  ProcessJob,
  QueuesService,
  type QueueInfo,
  ScalrQueueMetrics,
} from 'scalr-queue';
import { RedisEngine } from '../../libs/scalr-queue/src/engine/redis/redis.engine.js';
import { startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { sharedRedisUrl } from '../support/redis.js';
import { record, type Seen } from '../support/stage.js';

const Sleep = defineJob<number>('sleep', { queue: 'slow' });
const bridged: string[] = [];
const OLD_WORKER = {
  id: 'old',
  host: 'h',
  pid: 1,
  libraryVersion: '0.0.1',
  queues: ['q'],
  jobs: ['x'],
  catchAllQueues: [],
  running: 0,
  runningJobs: [],
  counts: [],
  draining: false,
};

@Injectable()
class Sleeper {
  @ProcessJob(Sleep)
  async sleep(ms: number) {
    await new Promise((resolve) => setTimeout(resolve, ms));
  }
}

@Processor('legacy')
class LegacyProcessor extends WorkerHost {
  async process(job: { name: string }) {
    bridged.push(job.name);
  }
}

/** An app with a queue of each kind, and what its worker's process heard of jobs. */
async function startApp() {
  const app = uniqueApp();
  const seen: Seen[] = [];
  let metrics: ScalrQueueMetrics | undefined;
  @Injectable()
  class Recorder {
    constructor(events: JobEvents, own: ScalrQueueMetrics) {
      record(events, seen);
      metrics = own;
    }
  }
  Reflect.defineMetadata('design:paramtypes', [JobEvents, ScalrQueueMetrics], Recorder);
  const imports = [BullModule.registerQueue({ name: 'legacy' })];
  await startWorker(
    { app, imports, providers: [Sleeper, LegacyProcessor, Recorder] },
    { concurrency: 1, shutdownTimeout: 0 },
  );
  const producer = await startProducer({ app });
  const queues = producer.get(QueuesService);
  await eventually(async () => expect(await queues.workers()).toHaveLength(1));
  return { ...producer, app, queues, seen, metrics: metrics! };
}

async function keysOfApp(app: string): Promise<string[]> {
  const redis = new Redis(sharedRedisUrl());
  const keys: string[] = [];
  for await (const batch of redis.scanStream({ match: `scalr:{${app}}:*`, count: 1_000 }))
    keys.push(...(batch as string[]));
  redis.disconnect();
  return keys;
}

describe('a ping', () => {
  it.each(['slow', 'legacy'])('is answered on the queue %s, and leaves nothing behind', async (name) => {
    const { app, queues, seen, metrics } = await startApp();
    const result = await queues.ping(name);
    expect(result).toMatchObject({
      queue: name,
      answered: true,
      worker: { host: hostname(), pid: process.pid },
    });
    expect(result.roundTripMs).toBeGreaterThan(0);
    expect(bridged).toEqual([]);
    expect(seen).toEqual([]);
    const keys = await keysOfApp(app);
    expect(keys.filter((key) => key.includes('ping') || key.includes('pong'))).toEqual([]);
    // The worker writes its rules of what is kept, with keys of these names, in the background.
    const ended = /^(?!.*:~keep:).*:(?:completed|failed)$/;
    expect(keys.filter((key) => ended.test(key))).toEqual([]);
    expect(await queues.unhandledJobs()).toEqual([]);
    expect(await metrics.text()).not.toContain('scalr.ping');
  });

  it('goes past the backlog, but not through a worker that is busy', async () => {
    const { queue, queues } = await startApp();
    await queue.enqueueMany(Sleep, [300, ...Array.from({ length: 30 }, () => 300)]);
    expect(await queues.ping('slow', { timeout: '5s' })).toMatchObject({ answered: true });
    await queue.enqueue(Sleep, 60_000, { priority: 0 });
    const { waiting }: QueueInfo = (await queues.list()).find(({ name }) => name === 'slow')!;
    expect(waiting).toBeGreaterThan(20);
    expect(await queues.ping('slow', { timeout: 30 })).toEqual({
      queue: 'slow',
      answered: false,
      reason: 'timeout',
    });
    // What was not answered is taken out again.
    expect((await queues.list()).find(({ name }) => name === 'slow')!.waiting).toBeLessThanOrEqual(waiting);
  });

  it('says at once when there is no live worker, or the queue is paused', async () => {
    const producer = await startProducer({ queues: { idle: {} } });
    expect(await producer.get(QueuesService).ping('idle')).toEqual({
      queue: 'idle',
      answered: false,
      reason: 'no-worker',
    });
    const { queues } = await startApp();
    await queues.pause('slow');
    expect(await queues.ping('slow')).toEqual({ queue: 'slow', answered: false, reason: 'paused' });
    await expect(queues.ping('slwo')).rejects.toThrow(/unknown queue "slwo", did you mean "slow"/);
    await expect(queues.ping('slow', { timeout: 0 })).rejects.toThrow(/expected timeout to be/);
  });

  it.each(['puts it aside', 'ends it'] as const)(
    'is answered by a worker of an older version that %s',
    async (manner) => {
      const app = uniqueApp();
      const options = { connection: { url: sharedRedisUrl() }, prefix: `scalr:{${app}}` };
      const { queues, registry } = await startProducer({ app }).then(({ get }) => ({
        queues: get(QueuesService),
        registry: get(RedisEngine).workers,
      }));
      await eventually(() => registry.list());
      await registry.beat({ ...OLD_WORKER, startedAt: new Date(), seenAt: new Date() });
      const older = new Worker(
        'q',
        async (job, token) => {
          if (manner === 'ends it') return;
          await job.moveToDelayed(Date.now() + 60_000, token);
          throw new (await import('bullmq')).DelayedError();
        },
        options,
      );
      await older.waitUntilReady();
      try {
        const result = await queues.ping('q');
        expect(result).toMatchObject({ queue: 'q', answered: true });
        expect(result.worker).toBeUndefined();
        const queue = new Queue('q', options);
        expect(await queue.getJobCounts('wait', 'delayed', 'active', 'failed')).toEqual({
          wait: 0,
          delayed: 0,
          active: 0,
          failed: 0,
        });
        await queue.close();
      } finally {
        await older.close();
      }
    },
  );
});

it('keeps its name for the library', () => {
  expect(() => defineJob('scalr.ping')).toThrow(
    'expected the name of the job to be a name that does not begin with "scalr.", which the library keeps for its own jobs, got: "scalr.ping"',
  );
});
