import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { defineJob, QueuesService } from 'scalr-queue';
import { onTestFinished } from 'vitest';
import { handlerOf } from '../conformance/driver.js';
import { AnsweringRedis } from '../support/answering-redis.js';
import { startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { sharedRedisUrl } from '../support/redis.js';

interface Payload {
  readonly n: number;
  readonly kills?: boolean;
  readonly waits?: boolean;
}
const Quick = defineJob<Payload>('quick', { retry: false, keep: { completed: { count: 10_000 } } });
/** Quick ones that let a worker know how quick they are, with one among them that is not. */
const KNOWN = 60;

function connect(): Redis {
  const redis = new Redis(sharedRedisUrl());
  onTestFinished(() => redis.disconnect());
  return redis;
}

/** An app with the payloads enqueued in their order. */
async function startApp(payloads: readonly Payload[]) {
  const app = uniqueApp();
  const redis = connect();
  const { queue, jobs, get } = await startProducer({ app });
  const ids = (await queue.enqueueMany(Quick, payloads)).map(({ id }) => id);
  const key = (part: string) => `scalr:{${app}}:default:${part}`;
  const counts = (...states: string[]) => Promise.all(states.map((state) => redis.zcard(key(state))));
  return { app, redis, queue, jobs, get, ids, key, counts };
}

const quickOnes = (count: number, from = 0): Payload[] =>
  Array.from({ length: count }, (_, at) => ({ n: from + at }));

/** A handler whose jobs with `waits` end when they are told to. */
function gated(runs: number[] = []) {
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  const handler = handlerOf(Quick, async ({ n, waits }) => {
    runs.push(n);
    if (waits) await opened;
  });
  return { handler, open, runs };
}

describe('quick jobs', () => {
  it('are taken before they can start, and start in the order in which they were enqueued', async () => {
    const { app, counts } = await startApp(quickOnes(300));
    const front = await AnsweringRedis.before(sharedRedisUrl());
    onTestFinished(() => front[Symbol.asyncDispose]());
    const { handler, runs } = gated();
    await startWorker({ app, redis: front.url, providers: [handler] }, { concurrency: 1 });
    await eventually(async () => expect(await counts('completed')).toEqual([300]), { timeout: 20_000 });
    const calls = front.commands.filter(
      ([name = '', ...args]) => /^evalsha?$/i.test(name) && args.some((one) => one.includes('}:~finished:')),
    );
    // One for each of those that make the pace known, and for 32 of the others, with some to spare.
    expect(calls.length).toBeLessThan(100);
    expect(runs).toEqual(Array.from({ length: 300 }, (_, n) => n));
  });

  it('go back untouched, and first, when the worker shuts down', async () => {
    const payloads = [...quickOnes(KNOWN), { n: KNOWN, waits: true }, ...quickOnes(40, KNOWN + 1)];
    const { app, redis, jobs, ids, key } = await startApp(payloads);
    const { handler, runs, open } = gated();
    const worker = await startWorker(
      { app, providers: [handler] },
      { concurrency: 1, shutdownTimeout: '20s' },
    );
    // As soon as that one runs: later what was taken beside it is back already.
    while (!runs.includes(KNOWN)) await new Promise(setImmediate);
    const closed = worker.close();
    await eventually(async () =>
      expect(await redis.lrange(key('active'), 0, -1)).toEqual([`quick~${ids[KNOWN]!}`]),
    );
    const waiting = (await redis.lrange(key('wait'), 0, -1)).toReversed();
    expect(waiting).toEqual(ids.slice(KNOWN + 1).map((id) => `quick~${id}`));
    const starts = await Promise.all(waiting.map((id) => redis.hmget(key(id), 'ats', 'stc', 'processedOn')));
    expect(new Set(starts.flat())).toEqual(new Set([null]));
    open();
    await closed;
    expect(runs).toHaveLength(KNOWN + 1);
    expect(await jobs.get(ids[KNOWN + 1]!)).toMatchObject({ state: 'waiting', attempt: 0 });
    const last = await startWorker({ app, providers: [gated().handler] });
    await eventually(async () => expect(await redis.zcard(key('completed'))).toBe(payloads.length));
    await last.close();
  });

  it('go to other workers when one of them turns out to be slow', async () => {
    const payloads = [...quickOnes(KNOWN), { n: KNOWN, waits: true }, ...quickOnes(20, KNOWN + 1)];
    const { app, redis, key, counts } = await startApp(payloads);
    const slow = gated();
    await startWorker({ app, providers: [slow.handler] }, { concurrency: 1 });
    await eventually(() => expect(slow.runs).toContain(KNOWN));
    await eventually(async () => expect(await redis.llen(key('active'))).toBe(1));
    const other = gated();
    await startWorker({ app, providers: [other.handler] }, { concurrency: 1 });
    await eventually(async () => expect(await counts('completed')).toEqual([payloads.length - 1]));
    expect(other.runs).toEqual(Array.from({ length: 20 }, (_, n) => KNOWN + 1 + n));
    slow.open();
    await eventually(async () => expect(await counts('completed')).toEqual([payloads.length]));
    expect(slow.runs).toHaveLength(KNOWN + 1);
  });

  it('are not taken ahead where jobs are limited over all processes', async () => {
    const { app, redis, key, counts, get } = await startApp(quickOnes(200));
    await get(QueuesService).list();
    let most = 0;
    const handler = handlerOf(Quick, async () => {
      most = Math.max(most, await redis.llen(key('active')));
    });
    const queues = { default: { globalConcurrency: 3 } };
    const workers = [1, 2].map(() => startWorker({ app, queues, providers: [handler] }, { concurrency: 10 }));
    await Promise.all(workers);
    await eventually(async () => expect(await counts('completed')).toEqual([200]), { timeout: 30_000 });
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(3);
  });

  it('gain no crash when their worker is killed before it starts them, and what kills it is dead when it has done so too often', async () => {
    const payloads = quickOnes(400).map((one) => (one.n === 250 ? { ...one, kills: true } : one));
    const { app, redis, ids, key, counts, jobs } = await startApp(payloads);
    const kill = async () => {
      const child = fork(
        new URL('children/killed-worker.mjs', import.meta.url),
        [sharedRedisUrl(), app, '1'],
        {
          silent: true,
        },
      );
      onTestFinished(() => void child.kill('SIGKILL'));
      await once(child, 'exit');
    };
    await kill();
    expect(await redis.llen(key('active'))).toBeGreaterThan(0);
    await kill();
    // That one may have been taken ahead, which is forgiven once.
    if ((await redis.hget(key(`quick~${ids[250]!}`), 'stc')) === null) await kill();
    const { handler, runs } = gated();
    const worker = { lockDuration: 1_000, stalledInterval: 200, maxCrashes: 2 };
    await startWorker({ app, worker, providers: [handler] }, { concurrency: 1 });
    await eventually(async () => expect(await counts('completed', 'failed')).toEqual([399, 1]), {
      timeout: 30_000,
    });
    expect(runs).not.toContain(250);
    expect(await jobs.get(ids[250]!)).toMatchObject({ state: 'dead', reason: 'crashed' });
    const crashes = await Promise.all(ids.map((id) => redis.hget(key(`quick~${id}`), 'stc')));
    expect(crashes.flatMap((one, n) => (one === null ? [] : [n]))).toEqual([250]);
  }, 60_000);

  it('run once each beside a worker of BullMQ, which takes some of them', async () => {
    const { app, counts } = await startApp(quickOnes(2_000));
    const ran: number[] = [];
    const foreign: number[] = [];
    const bull = new Worker<Payload>(
      'default',
      ({ data }) => {
        foreign.push(data.n);
        return Promise.resolve();
      },
      { connection: { url: sharedRedisUrl() }, prefix: `scalr:{${app}}`, concurrency: 5 },
    );
    onTestFinished(() => bull.close());
    await eventually(() => expect(foreign.length).toBeGreaterThan(0));
    const { handler, runs } = gated(ran);
    await startWorker({ app, providers: [handler] }, { concurrency: 10 });
    await eventually(async () => expect(await counts('completed', 'failed')).toEqual([2_000, 0]), {
      timeout: 30_000,
    });
    expect(runs.length).toBeGreaterThan(0);
    expect([...foreign, ...runs].toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 2_000 }, (_, n) => n),
    );
  });

  it('wait in a queue that is paused, and go on when it is resumed', async () => {
    const { app, counts, get, queue } = await startApp(quickOnes(KNOWN));
    const { handler, runs } = gated();
    await startWorker({ app, providers: [handler] }, { concurrency: 1 });
    await eventually(async () => expect(await counts('completed')).toEqual([KNOWN]));
    await get(QueuesService).pause('default');
    await queue.enqueueMany(Quick, quickOnes(40, KNOWN));
    const { length: before } = runs;
    await queue.enqueueMany(Quick, quickOnes(40, KNOWN + 40));
    expect(runs).toHaveLength(before);
    await get(QueuesService).resume('default');
    await eventually(() => expect(runs).toEqual(Array.from({ length: KNOWN + 80 }, (_, n) => n)));
  });
});
