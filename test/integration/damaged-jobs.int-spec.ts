import { Injectable } from '@nestjs/common';
import { Redis } from 'ioredis';
import {
  type DeadReason,
  DeadLetterService,
  defineJob,
  type EnqueueOptions,
  type JobContext,
  type JobInfo,
  ProcessJob,
  QueuesService,
  ScalrQueueMetrics,
} from 'scalr-queue';
import { startBoth, startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { sharedRedisUrl } from '../support/redis.js';

const Work = defineJob<{ n: number }>('work', { retry: { attempts: 2, delay: 10 } });

/** What somebody else did to the record of a job, at `key`, and what the job is dead of. */
const damages: readonly [what: string, (redis: Redis, key: string) => unknown, DeadReason][] = [
  ['its data is gone', (redis, key) => redis.del(key), 'data-missing'],
  ['its payload is gone', (redis, key) => redis.hdel(key, 'data'), 'data-missing'],
  ['data is not JSON', (redis, key) => redis.hset(key, 'data', '{"n":'), 'unreadable'],
  ['opts is not JSON', (redis, key) => redis.hset(key, 'opts', 'oops'), 'unreadable'],
  ['opts is null', (redis, key) => redis.hset(key, 'opts', 'null'), 'unreadable'],
  ['opts is a list', (redis, key) => redis.hset(key, 'opts', '[1]'), 'unreadable'],
  ['attempts are a text', (redis, key) => redis.hset(key, 'opts', '{"attempts":"many"}'), 'unreadable'],
  ['attempts are endless', (redis, key) => redis.hset(key, 'opts', '{"attempts":1e300}'), 'unreadable'],
  ['keep is a text', (redis, key) => redis.hset(key, 'opts', '{"removeOnFail":{"count":"x"}}'), 'unreadable'],
  ['meta data is a text', (redis, key) => redis.hset(key, 'opts', '{"scalr":{"timeout":"x"}}'), 'unreadable'],
  ['parent is not JSON', (redis, key) => redis.hset(key, 'parent', '{', 'parentKey', 'p:q:1'), 'unreadable'],
  ['progress is not JSON', (redis, key) => redis.hset(key, 'progress', 'half'), 'unreadable'],
  ['attempts made are a text', (redis, key) => redis.hset(key, 'atm', 'two'), 'unreadable'],
  ['starts are a text', (redis, key) => redis.hset(key, 'ats', 'two'), 'unreadable'],
  ['crashes are a text', (redis, key) => redis.hset(key, 'stc', 'two'), 'unreadable'],
  ['a time is out of range', (redis, key) => redis.hset(key, 'timestamp', '1e300'), 'unreadable'],
  ['it is a text', (redis, key) => redis.pipeline().del(key).set(key, 'x').exec(), 'unreadable'],
];

function handler() {
  const ran: number[] = [];
  @Injectable()
  class Handler {
    @ProcessJob(Work)
    run({ n }: { n: number }, _ctx: JobContext) {
      ran.push(n);
    }
  }
  return { ran, providers: [Handler] };
}

function redisOfTest(): Redis {
  const redis = new Redis(sharedRedisUrl());
  onTestFinished(() => redis.disconnect());
  return redis;
}

const keyOf = (app: string, id: string) => `scalr:{${app}}:default:work~${id}`;

describe('a damaged job', () => {
  it('is dead at the first meeting, and holds nothing up, also with a global concurrency', async () => {
    const app = uniqueApp();
    const redis = redisOfTest();
    const { queue, jobs, get } = await startProducer({ app });
    const made = [];
    for (const [n, [, damage]] of damages.entries()) {
      // By every way to a worker: waiting, by priority, and delayed.
      const ways: EnqueueOptions<{ n: number }>[] = [{}, { priority: 3 }, { delay: 20 }];
      // The engine takes all jobs that are due from their list at once, and loses those behind one that is no hash.
      const job = await queue.enqueue(
        Work,
        { n: -1 },
        ways[n % 3 === 2 && n === damages.length - 1 ? 0 : n % 3],
      );
      await damage(redis, keyOf(app, job.id));
      made.push(job);
    }
    const good = await Promise.all([0, 1, 2, 3, 4].map((n) => queue.enqueue(Work, { n })));
    const { ran, providers } = handler();
    // Longer than the test: a job that is left with its lock is not found again.
    const queues = { default: { globalConcurrency: 2, concurrency: 2 } };
    const worker = await startWorker({ app, providers, queues, worker: { lockDuration: '1m' } });
    const ready: number[] = [];
    const probe = async () => ready.push((await fetch(`${worker.url}/health/ready`)).status);
    await probe();

    await Promise.all(good.map(({ id }) => jobs.waitFor(id, { timeout: '20s' })));
    const dead = get(DeadLetterService);
    await eventually(async () => {
      await probe();
      expect(await dead.count()).toBe(damages.length);
    });
    const reasons = await Promise.all(
      made.map(async ({ id }, n) => [damages[n]![0], (await jobs.get(id))?.reason]),
    );
    expect(reasons).toEqual(damages.map(([what, , reason]) => [what, reason]));
    expect(new Set(ran)).toEqual(new Set([0, 1, 2, 3, 4]));
    expect(ran).toHaveLength(5);
    expect(new Set(ready)).toEqual(new Set([200]));
    expect(await redis.llen(`scalr:{${app}}:default:active`)).toBe(0);
  });

  it('that comes with the end of another one changes nothing about that one', async () => {
    const redis = redisOfTest();
    const { ran, providers } = handler();
    const { app, queue, jobs } = await startBoth({
      providers,
      worker: { concurrency: 1, lockDuration: '1m' },
    });
    const ids: string[] = [];
    const queues = (await startProducer({ app })).get(QueuesService);
    await queues.pause('default');
    for (const [n, [, damage]] of damages.entries()) {
      const good = await queue.enqueue(Work, { n });
      const bad = await queue.enqueue(Work, { n: -1 });
      await damage(redis, keyOf(app, bad.id));
      ids.push(good.id);
    }
    await queues.resume('default');
    await Promise.all(ids.map((id) => jobs.waitFor(id, { timeout: '20s' })));
    const infos = await Promise.all(ids.map((id) => jobs.get(id)));
    expect(infos.map((info) => info?.attempt)).toEqual(ids.map(() => 1));
    expect(ran).toEqual(ids.map((_id, n) => n));
  });
});

describe('the claims of a damaged job', () => {
  it('end with it: its unique key is free, and its id is remembered', async () => {
    const app = uniqueApp();
    const redis = redisOfTest();
    const { queue, jobs, get } = await startProducer({ app });
    const options = { unique: { key: 'k', onConflict: 'rerun' } } as const;
    const job = await queue.enqueue(Work, { n: 1 }, { ...options, id: 'paid' });
    await redis.hset(keyOf(app, job.id), 'opts', 'oops');
    const { ran, providers } = handler();
    await startWorker({ app, providers, worker: { lockDuration: '1m' } });
    await eventually(async () => expect(await jobs.get(job.id)).toMatchObject({ reason: 'unreadable' }));
    const next = await queue.enqueue(Work, { n: 2 }, options);
    expect(next.status).toBe('created');
    await jobs.waitFor(next, { timeout: '20s' });
    expect(ran).toEqual([2]);
    expect(await redis.exists(`scalr:{${app}}:~ended:work~paid`)).toBe(1);
    expect(await get(DeadLetterService).delete('paid')).toMatchObject({ deleted: 1 });
    expect((await queue.enqueue(Work, { n: 3 }, { id: 'paid' })).status).toBe('duplicate');
  });
});

describe('one bad entry', () => {
  it('hides nothing else from whoever looks at jobs, and is named', async () => {
    const app = uniqueApp();
    const redis = redisOfTest();
    const { queue, jobs, get } = await startProducer({ app });
    const first = await queue.enqueue(Work, { n: 1 });
    const bad = new Map<string, string>();
    for (const [what, damage] of damages) {
      const { id } = await queue.enqueue(Work, { n: -1 });
      await damage(redis, keyOf(app, id));
      bad.set(id, what);
    }
    const late = await queue.enqueue(Work, { n: 2 }, { delay: '1h' });
    await redis.zadd(`scalr:{${app}}:default:delayed`, 1e300, `work~${late.id}`);
    const large = await queue.enqueue(Work, { n: 3 });
    await redis.hset(keyOf(app, large.id), 'data', JSON.stringify('x'.repeat(30 * 1_024 * 1_024)));
    const last = await queue.enqueue(Work, { n: 4 });

    const listed: JobInfo[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await jobs.list({ limit: 7, ...(cursor === undefined ? {} : { cursor }) });
      listed.push(...page.jobs);
      if (!(cursor = page.cursor)) break;
    }
    const all = [first, ...[...bad.keys()].map((id) => ({ id })), late, large, last].map(({ id }) => id);
    expect(listed.map(({ id }) => id).toSorted()).toEqual(all.toSorted());
    for (const job of listed) {
      expect(job).toMatchObject({ name: 'work', queue: 'default' });
      // As the command line and a page print it.
      expect(job.enqueuedAt.toISOString()).toMatch(/^20/);
      expect(job.runAt?.toISOString() ?? '').not.toContain('NaN');
    }
    const codes = listed.filter(({ id }) => bad.has(id)).map(({ error }) => error?.code);
    expect(codes.filter((code) => code === 'JOB_DATA_MISSING')).toHaveLength(2);
    expect(codes.filter((code) => code === 'JOB_UNREADABLE')).toHaveLength(damages.length - 2);
    expect(await jobs.details(large.id)).toMatchObject({
      payload: undefined,
      error: { code: 'JOB_UNREADABLE', message: expect.stringContaining('too large') as string },
    });
    for (const [id, what] of bad)
      expect([what, await jobs.get(id)]).toMatchObject([what, { id, name: 'work', state: 'waiting' }]);
    expect(await jobs.explain([...bad.keys()][0]!)).toMatchObject({ job: { state: 'waiting' } });
    expect(await get(QueuesService).list()).toMatchObject([{ name: 'default', waiting: all.length - 1 }]);
    expect(await jobs.cancel(last.id)).toBe('cancelled');
    const [gone] = bad.keys();
    expect(await jobs.cancel(gone!)).toBe('cancelled');
    expect(await jobs.get(gone!)).toMatchObject({ name: 'work', state: 'dead', reason: 'cancelled' });
    await expect(jobs.cancel([...bad.keys()].at(-1)!)).rejects.toMatchObject({
      code: 'STORED_DATA_UNREADABLE',
    });
    expect(await jobs.cancel(large.id)).toBe('cancelled');
    // Of two that died in the same millisecond either may come first.
    const dead = (await get(DeadLetterService).list()).jobs.map(({ id }) => id);
    expect(dead.toSorted()).toEqual([large.id, gone!, last.id].toSorted());
  });

  it('in the catalogue, among the workers or in place of a list hides no queue and no worker', async () => {
    const redis = redisOfTest();
    const { providers } = handler();
    const { app, queue, jobs, get } = await startBoth({ providers });
    const prefix = `scalr:{${app}}`;
    const good = await queue.enqueue(Work, { n: 1 });
    await jobs.waitFor(good, { timeout: '10s' });
    await redis.hset(`${prefix}:~jobs`, 'nonsense', 1, 'work a:b', 1, ' ', 1, 'work ', 1, 'other spoilt', 1);
    await redis.set(`${prefix}:spoilt:wait`, 'no list');
    const signs = [
      'no JSON',
      'null',
      '{}',
      '{"id":"x","queues":[1]}',
      '{"startedAt":1e300}',
      'x'.repeat(400_000),
    ];
    for (const [n, sign] of signs.entries()) {
      await redis.hset(`${prefix}:~workers`, `bad-${n}`, 1);
      await redis.set(`${prefix}:~workers:bad-${n}`, sign);
    }
    await redis.hset(`${prefix}:~workers`, 'list', 1);
    await redis.lpush(`${prefix}:~workers:list`, 'x');

    const other = await startProducer({ app });
    const queues = other.get(QueuesService);
    expect(await queues.workers()).toMatchObject([{ queues: ['default'] }]);
    expect(await queues.list()).toMatchObject([
      { name: 'default', workers: 1 },
      { name: 'spoilt', problem: { code: 'QUEUE_UNREADABLE' } },
    ]);
    expect(await queues.ping('default')).toMatchObject({ answered: true });
    expect(await other.jobs.get(good.id)).toMatchObject({ state: 'completed' });
    expect((await other.jobs.list()).jobs).toMatchObject([{ id: good.id }]);
    expect(await get(DeadLetterService).count()).toBe(0);
    expect(await queues.unhandledJobs()).toEqual([]);
    const metrics = await other.get(ScalrQueueMetrics).text();
    expect(metrics).toContain('scalr_queue_redis_up 1');
    expect(metrics).toMatch(/scalr_queue_jobs\{[^}]*queue="default"/);
    await redis.del(`${prefix}:~jobs`, `${prefix}:~workers`);
    await redis.set(`${prefix}:~jobs`, 'x');
    await redis.set(`${prefix}:~workers`, 'x');
    expect(await (await startProducer({ app })).get(QueuesService).list()).toEqual([]);
  });
});
