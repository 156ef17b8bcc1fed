import { BullModule, Processor, WorkerHost } from '@nestjs/bullmq';
import { Injectable } from '@nestjs/common';
import { Redis } from 'ioredis';
import { hostname } from 'node:os';
import { defineJob, ProcessJob, QueuesService } from 'scalr-queue';
import { startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { keysOf } from '../support/hostile.js';
import { RedisServer, sharedRedisUrl } from '../support/redis.js';

const SendInvoice = defineJob('invoice.send', { queue: 'mail' });
const SendReminder = defineJob('reminder.send', { queue: 'mail' });

@Injectable()
class InvoiceProcessor {
  @ProcessJob(SendInvoice)
  async send() {
    await new Promise<void>((resolve) => (finish = resolve));
  }
}
let finish: () => void = () => undefined;

@Injectable()
class ReminderProcessor {
  @ProcessJob(SendReminder)
  send() {}
}

@Processor('legacy')
class LegacyProcessor extends WorkerHost {
  async process() {}
}

function pick<T extends object>(from: T, names: readonly (keyof T)[]): Partial<T> {
  return Object.fromEntries(
    names.filter((name) => name in from).map((name) => [name, from[name]]),
  ) as Partial<T>;
}

async function startWatching(app = uniqueApp(), redis?: string) {
  const producer = await startProducer({ app, ...(redis ? { redis } : {}) });
  return { ...producer, app, queues: producer.get(QueuesService) };
}

describe('live workers', () => {
  it('are told with what they can run and what they run, and are gone after a shutdown', async () => {
    const { app, queue, queues } = await startWatching();
    expect(await queues.workers()).toEqual([]);
    const worker = await startWorker({
      app,
      imports: [BullModule.registerQueue({ name: 'legacy' })],
      providers: [InvoiceProcessor, LegacyProcessor, ReminderProcessor],
    });
    const [info, ...others] = await eventually(async () => {
      const found = await queues.workers();
      expect(found).toHaveLength(1);
      return found;
    });
    expect(others).toEqual([]);
    expect(info).toMatchObject({
      host: hostname(),
      pid: process.pid,
      libraryVersion: expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
      queues: ['legacy', 'mail'],
      jobs: ['invoice.send', 'reminder.send'],
      catchAllQueues: ['legacy'],
      running: 0,
      counts: [],
      draining: false,
    });
    expect(Date.now() - info!.startedAt.getTime()).toBeLessThan(60_000);
    expect((await queues.list()).map(({ name, workers }) => [name, workers])).toEqual([
      ['legacy', 1],
      ['mail', 1],
    ]);

    await queue.enqueueMany(SendReminder, [undefined, undefined]);
    const { id } = await queue.enqueue(SendInvoice);
    await eventually(
      async () =>
        expect(await queues.workers()).toMatchObject([
          {
            running: 1,
            runningJobs: [{ id, queue: 'mail' }],
            counts: [{ queue: 'mail', completed: 2, dead: 0, retried: 0 }],
          },
        ]),
      { timeout: 8_000 },
    );
    const closing = worker.close();
    await eventually(async () => expect(await queues.workers()).toMatchObject([{ draining: true }]));
    expect((await queues.list()).map(({ workers }) => workers)).toEqual([0, 0]);
    finish();
    await closing;
    expect(await queues.workers()).toEqual([]);
    expect(await queues.goneWorkers()).toEqual([
      {
        ...pick(info!, ['id', 'host', 'pid', 'version', 'libraryVersion', 'program', 'queues', 'startedAt']),
        running: 0,
        runningJobs: [],
        counts: [{ queue: 'mail', completed: 3, dead: 0, retried: 0 }],
        seenAt: expect.any(Date) as Date,
        clean: true,
      },
    ]);
    expect((await keysOf(app)).filter((key) => key.includes('~workers'))).toEqual([]);
  });

  it('that died without a word are forgotten when Redis has let their sign expire', async () => {
    const { app, queues } = await startWatching();
    await startWorker({ app, providers: [ReminderProcessor] });
    await eventually(async () => expect(await queues.workers()).toHaveLength(1));
    const redis = new Redis(sharedRedisUrl());
    const index = `scalr:{${app}}:~workers`;
    const [id] = await redis.hkeys(index);
    const ttl = await redis.pttl(`${index}:${id}`);
    expect(ttl).toBeGreaterThan(10_000);
    expect(ttl).toBeLessThanOrEqual(20_000);
    // What an expiry does.
    await redis.hset(index, 'killed', '1');
    expect(await queues.workers()).toHaveLength(1);
    await eventually(async () => expect(await redis.hkeys(index)).toEqual([id]));
    // One that was killed: its sign of life has expired, what it last told is in the index.
    const [worker] = await queues.workers();
    const { startedAt, seenAt, ...rest } = worker!;
    const killed = {
      ...rest,
      id: 'killed',
      startedAt: +startedAt,
      seenAt: +seenAt,
      running: 1,
      runningJobs: [{ id: 'j1', queue: 'mail' }],
    };
    await redis.hset(
      index,
      'killed',
      JSON.stringify(killed),
      'old',
      JSON.stringify({ ...killed, id: 'old', seenAt: 1 }),
    );
    expect(await queues.lostWorkers()).toEqual([
      expect.objectContaining({
        id: 'killed',
        host: hostname(),
        pid: process.pid,
        seenAt,
        runningJobs: killed.runningJobs,
      }),
    ]);
    expect(await queues.workers()).toHaveLength(1);
    await eventually(async () => expect(new Set(await redis.hkeys(index))).toEqual(new Set([id, 'killed'])));
    expect(JSON.parse((await redis.hget(index, id!))!)).toMatchObject({ id, pid: process.pid });
    redis.disconnect();
  });

  it('are remembered up to fifty when they died without a word, the latest first', async () => {
    const { app, queues } = await startWatching();
    await startWorker({ app, providers: [ReminderProcessor] });
    const [alive] = await eventually(async () => {
      const found = await queues.workers();
      expect(found).toHaveLength(1);
      return found;
    });
    const redis = new Redis(sharedRedisUrl());
    onTestFinished(() => redis.disconnect());
    const index = `scalr:{${app}}:~workers`;
    const startedAt = +alive!.startedAt;
    const dead = Array.from({ length: 60 }, (_, n) => ({
      ...alive,
      id: `dead-${n}`,
      startedAt,
      seenAt: startedAt - n,
    }));
    await redis.hset(index, Object.fromEntries(dead.map((worker) => [worker.id, JSON.stringify(worker)])));
    const remembered = dead.slice(0, 50).map(({ id }) => id);
    expect((await queues.lostWorkers()).map(({ id }) => id)).toEqual(remembered);
    // The others are taken out of the index.
    await eventually(async () =>
      expect(new Set(await redis.hkeys(index))).toEqual(new Set([alive!.id, ...remembered])),
    );
    // They go on among those that are gone, however many processes look.
    await eventually(async () =>
      expect((await queues.goneWorkers()).map(({ id, clean }) => [id, clean])).toEqual(
        dead.map(({ id }) => [id, false]),
      ),
    );
  });

  it('leave behind when each of the last fifty versions was first seen', async () => {
    const { app, queues } = await startWatching();
    expect(await queues.versions()).toEqual([]);
    const redis = new Redis(sharedRedisUrl());
    onTestFinished(() => redis.disconnect());
    const key = `scalr:{${app}}:~h:v`;
    const earlier = Array.from({ length: 50 }, (_, n) => [n + 1, `0.0.${n}`] as const);
    await redis.zadd(key, ...earlier.flat());
    vi.stubEnv('npm_package_version', '1.4.0');
    onTestFinished(() => void vi.unstubAllEnvs());
    await startWorker({ app, providers: [ReminderProcessor] });
    const [worker] = await eventually(async () => {
      const found = await queues.workers();
      expect(found).toHaveLength(1);
      expect(await redis.zscore(key, '0.0.0')).toBeNull();
      return found;
    });
    const [latest, ...others] = await queues.versions();
    expect(latest!.version).toBe('1.4.0');
    expect(+latest!.firstSeenAt).toBeGreaterThanOrEqual(+worker!.startedAt);
    expect(others.map(({ version }) => version)).toEqual(
      earlier
        .slice(1)
        .map(([, version]) => version)
        .toReversed(),
    );
    // Another worker of that version leaves the time alone.
    await startWorker({ app, providers: [ReminderProcessor] });
    await eventually(async () => expect(await queues.workers()).toHaveLength(2));
    expect((await queues.versions())[0]).toEqual(latest);
  });

  it('are told again at once after an outage that lost everything', async () => {
    await using redis = await RedisServer.start({ args: ['--appendonly', 'no', '--save', ''] });
    const { app, queues } = await startWatching(uniqueApp(), redis.url);
    await startWorker({ app, redis: redis.url, providers: [ReminderProcessor] });
    await eventually(async () => expect(await queues.workers()).toHaveLength(1));
    await redis.kill();
    await redis.restart();
    await eventually(
      async () => expect(await queues.workers()).toMatchObject([{ jobs: ['reminder.send'] }]),
      {
        timeout: 4_000,
      },
    );
  });
});

describe('jobs that no live worker handles', () => {
  it('are told by the service and by health, which stays up, until a worker comes', async () => {
    const { app, queue, queues } = await startWatching();
    const worker = await startWorker({ app, providers: [ReminderProcessor] });
    await queue.enqueue(SendReminder);
    const health = async () => {
      const response = await fetch(`${worker.url}/health`);
      expect(response.status).toBe(200);
      const body = (await response.json()) as {
        details: { queues: { status: string; warnings?: string[] } };
      };
      return body.details.queues;
    };
    await eventually(async () => expect(await queues.unhandledJobs()).toEqual([]));
    await queue.enqueue(SendInvoice);
    await eventually(async () =>
      expect(await queues.unhandledJobs()).toEqual([{ name: 'invoice.send', queue: 'mail' }]),
    );
    await eventually(async () =>
      expect(await health()).toMatchObject({
        status: 'up',
        warnings: ['no live worker handles invoice.send'],
      }),
    );
    await startWorker({ app, providers: [InvoiceProcessor] });
    await eventually(async () => expect(await queues.unhandledJobs()).toEqual([]));
    await eventually(async () => expect(await health()).not.toHaveProperty('warnings'));
    await eventually(async () => expect(await queues.list()).toMatchObject([{ running: 1 }]), {
      timeout: 15_000,
    });
    finish();
  });

  it('are those of a queue without a worker, delayed ones included', async () => {
    const { queue, queues } = await startWatching();
    await queue.enqueue(SendReminder, undefined, { delay: '1h' });
    await queue.enqueue(SendInvoice, undefined, { priority: 3 });
    expect((await queues.unhandledJobs()).map(({ name }) => name).toSorted()).toEqual([
      'invoice.send',
      'reminder.send',
    ]);
  });
});
