import { Injectable } from '@nestjs/common';
import { FlowProducer } from 'bullmq';
import { Redis } from 'ioredis';
import { defineJob, type EnqueueOptions, type JobContext, ProcessJob, Snooze } from 'scalr-queue';
import { onTestFinished } from 'vitest';
import { AnsweringRedis } from '../support/answering-redis.js';
import { startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { sharedRedisUrl } from '../support/redis.js';

interface Payload {
  readonly label: string;
  readonly way?: 'fail' | 'snooze' | 'wait' | 'die' | 'echo';
}
const Step = defineJob<Payload>('step', { queue: 'steps', retry: { attempts: 2, delay: 1 } });
const Gone = defineJob<Payload>('gone', { queue: 'steps', keep: { completed: { count: 0 } } });

function connect(): Redis {
  const redis = new Redis(sharedRedisUrl(), { maxRetriesPerRequest: null });
  onTestFinished(() => redis.disconnect());
  return redis;
}

/** Handlers that return something of their own, fail once, or ask for more time. */
function processor(ran: string[] = [], hold = () => Promise.resolve()) {
  @Injectable()
  class Steps {
    @ProcessJob(Step)
    async step({ label, way }: Payload, ctx: JobContext) {
      ran.push(label);
      if (way === 'wait') await hold();
      if (way === 'echo') return label;
      if (way === 'die' || (way === 'fail' && ctx.attempt === 1)) throw new Error(`no ${label}`);
      if (way === 'snooze' && ran.filter((one) => one === label).length === 1) throw new Snooze(1);
      return RESULTS[Number(label.match(/\d+/)?.[0]) % RESULTS.length];
    }

    @ProcessJob(Gone)
    gone({ label }: Payload) {
      ran.push(label);
    }
  }
  return Steps;
}
const RESULTS = [undefined, null, 'ü "text"', 0, '', { nested: [1, null, { a: true }] }, []];

const JOBS: readonly (readonly [Payload, EnqueueOptions?])[] = [
  // Records that are too long to be sent as one text, and what would have to be escaped in one.
  ...[1, 2_000].map((count) => [{ label: 'ü/\u{1f600}\u007f'.repeat(count), way: 'echo' }] as const),
  ...Array.from({ length: 90 }, (_, n) => [{ label: `plain ${n}` }] as const),
  ...Array.from({ length: 20 }, (_, n) => [{ label: `priority ${n}` }, { priority: 1 + (n % 4) }] as const),
  ...Array.from({ length: 20 }, (_, n) => [{ label: `delayed ${n}` }, { delay: 1 + (n % 3) }] as const),
  ...Array.from({ length: 20 }, (_, n) => [{ label: `own id ${n}` }, { id: `own-${100 + n}` }] as const),
  ...Array.from(
    { length: 20 },
    (_, n) => [{ label: `unique ${n}` }, { unique: { key: `key ${n}` } }] as const,
  ),
  ...Array.from(
    { length: 10 },
    (_, n) => [{ label: `window ${n}` }, { unique: { key: `window ${n}`, for: '1h' } }] as const,
  ),
  ...Array.from({ length: 10 }, (_, n) => [{ label: `fails ${n}`, way: 'fail' }] as const),
  ...Array.from({ length: 10 }, (_, n) => [{ label: `dies ${n}`, way: 'die' }] as const),
  ...Array.from({ length: 10 }, (_, n) => [{ label: `snoozes ${n}`, way: 'snooze' }] as const),
];

/** All that an app has in Redis of its queue, with what differs from job to job and from moment to moment replaced. */
async function contentsOf(app: string): Promise<Record<string, unknown>> {
  const redis = connect();
  const keys = await redis.keys(`scalr:{${app}}:steps:*`);
  keys.push(...(await redis.keys(`scalr:{${app}}:~ended:*`)));
  const labels = new Map<string, string>();
  for (const key of keys.filter((one) => /:steps:(step|gone)~[^:]*$/.test(one))) {
    const id = key.slice(key.lastIndexOf(':') + 1);
    const { label } = JSON.parse((await redis.hget(key, 'data')) ?? '{}') as Payload;
    labels.set(id, `<${label}>`);
  }
  const clean = (text: string) =>
    [...labels]
      .reduce((line, [id, label]) => line.replaceAll(id, label), text)
      .replaceAll(/gone~[0-9a-f-]{36}/g, '<gone>')
      .replaceAll(app, 'app')
      .replaceAll(/\d{13}(-\d+)?/g, '0');
  const read = async (key: string): Promise<unknown> => {
    const type = await redis.type(key);
    if (type === 'string') return [await redis.get(key), (await redis.pttl(key)) > 0];
    if (type === 'list') return redis.lrange(key, 0, -1);
    if (type === 'set') return redis.smembers(key);
    // The order of those that end in one millisecond is that of their ids.
    if (type === 'zset') {
      const members = await redis.zrange(key, '0', '-1', 'WITHSCORES');
      const ended = members.filter((_, at) => at % 2 === 0).map((id) => `scalr:{${app}}:steps:${id}`);
      const times = await Promise.all(ended.map((job) => redis.hget(job, 'finishedOn')));
      // What is left in a set when all have ended are the ended ones, by when they did.
      expect(members.filter((_, at) => at % 2 === 1)).toEqual(times);
      return ended.map(clean).toSorted();
    }
    if (type === 'hash') {
      const { stacktrace, ...fields } = await redis.hgetall(key);
      return { ...fields, traces: (JSON.parse(stacktrace ?? '[]') as unknown[]).length };
    }
    const entries = (await redis.xrange(key, '-', '+')).map(([, fields]) => clean(fields.join(' ')));
    // What was taken ahead and had no turn in time went back, and was taken once more.
    for (const back of entries.filter(
      (one) => one.endsWith(' prev active') && one.startsWith('event waiting '),
    )) {
      const id = back.slice('event waiting '.length, -' prev active'.length);
      for (const one of [back, `event active ${id} prev waiting`]) entries.splice(entries.indexOf(one), 1);
    }
    // When a queue was found empty depends on how jobs and looks fall together.
    return entries.filter((one) => one !== 'event drained').toSorted();
  };
  const contents: Record<string, unknown> = {};
  for (const key of keys.toSorted()) {
    // Told again and again while nothing happens, or counted in the order in which jobs came to run.
    if (/:(marker|stalled-check|pc|id)$/.test(key)) continue;
    const value = JSON.parse(clean(JSON.stringify(await read(key)))) as unknown;
    const name = clean(key);
    contents[name] = name in contents ? [contents[name], value].flat() : value;
  }
  return contents;
}

async function runAll(fastPath: 'auto' | 'off', concurrency: number): Promise<Record<string, unknown>> {
  const app = uniqueApp();
  const redis = connect();
  const { queue } = await startProducer({ app, fastPath: 'auto' });
  for (const [payload, options] of JOBS) await queue.enqueue(Step, payload, options);
  await queue.enqueueMany(
    Gone,
    Array.from({ length: 12 }, (_, n) => ({ label: `gone ${n}` })),
  );
  const worker = await startWorker({ app, fastPath, providers: [processor()] }, { concurrency });
  // All that happens to them, also to those that are taken more than once.
  await redis.hset(`scalr:{${app}}:steps:meta`, 'opts.maxLenEvents', 10_000);
  const count = (state: string) => redis.zcard(`scalr:{${app}}:steps:${state}`);
  await eventually(
    async () => {
      expect(await Promise.all(['completed', 'failed'].map(count))).toEqual([JOBS.length - 10, 10]);
      expect(await redis.llen(`scalr:{${app}}:steps:active`)).toBe(0);
    },
    { timeout: 60_000 },
  );
  await worker.close();
  return contentsOf(app);
}

describe('the end of jobs', () => {
  it.each([1, 7, 50])(
    'leaves in Redis what the engine leaves, with %i at a time',
    async (concurrency) => {
      const [ours, engine] = [await runAll('auto', concurrency), await runAll('off', concurrency)];
      expect(Object.keys(ours).length).toBeGreaterThan(JOBS.length);
      expect(ours).toEqual(engine);
    },
    120_000,
  );

  it('takes one call for those that end together, and for each where the fast path is off', async () => {
    for (const fastPath of ['auto', 'off'] as const) {
      const { front, count, done } = await startBehindFront(fastPath, 64);
      await eventually(async () => expect(await count('completed')).toBe(64), { timeout: 20_000 });
      const calls = front.commands.filter(isCall).length;
      const [least, most] = fastPath === 'off' ? [0, 0] : [2, 63];
      expect(calls).toBeGreaterThanOrEqual(least);
      expect(calls).toBeLessThanOrEqual(most);
      await done();
    }
  });

  it('is heard of once when the connection breaks before the answer: what was taken with it runs, and runs once', async () => {
    const { front, redis, app, count, done } = await startBehindFront('auto', 300, () => {
      let calls = 0;
      return (args) => (isCall(args) && [2, 4].includes(++calls) ? 'reset heard' : undefined);
    });
    // Sooner than a lock would end that nobody knows of.
    await eventually(async () => expect(await count('completed')).toBe(300), { timeout: 20_000 });
    expect(front.commands.filter(isCall).length).toBeGreaterThan(4);
    const starts = await Promise.all(
      (await redis.zrange(`scalr:{${app}}:steps:completed`, '0', '-1')).map((id) =>
        redis.hmget(`scalr:{${app}}:steps:${id}`, 'ats', 'atm', 'stc'),
      ),
    );
    expect(starts).toEqual(Array.from({ length: 300 }, () => ['1', '1', null]));
    expect((await done()).toSorted()).toEqual(Array.from({ length: 300 }, (_, n) => `plain ${n}`).toSorted());
  });

  it('lets the parent of a flow run, which the engine itself must do', async () => {
    const app = uniqueApp();
    const ran: string[] = [];
    await startWorker({ app, providers: [processor(ran)] }, { concurrency: 4 });
    const flows = new FlowProducer({ connection: connect(), prefix: `scalr:{${app}}` });
    onTestFinished(() => flows.close());
    const step = (label: string) => ({ name: 'step', queueName: 'steps', data: { label } });
    await flows.add({
      ...step('parent 0'),
      children: [step('child 1'), step('child 2'), { ...step('child 3'), children: [step('grandchild 4')] }],
    });
    await eventually(() => expect(ran.at(-1)).toBe('parent 0'), { timeout: 20_000 });
    expect(ran.toSorted()).toEqual(['child 1', 'child 2', 'child 3', 'grandchild 4', 'parent 0']);
    expect(ran.indexOf('grandchild 4')).toBeLessThan(ran.indexOf('child 3'));
  });
});

/** Whether it is a call that ends jobs and takes others. */
const isCall = (args: readonly string[]) =>
  /^evalsha?$/i.test(args[0]!) && args.some((one) => one.includes('}:~finished:'));

/** A worker behind a way to Redis that can be cut, with jobs that waited for it. */
async function startBehindFront(
  fastPath: 'auto' | 'off',
  jobs: number,
  rule?: () => (args: readonly string[]) => 'reset heard' | undefined,
) {
  const app = uniqueApp();
  const redis = connect();
  const front = await AnsweringRedis.before(sharedRedisUrl());
  onTestFinished(() => front[Symbol.asyncDispose]());
  const { queue } = await startProducer({ app });
  const payloads = Array.from({ length: jobs }, (_, n) => ({ label: `plain ${n}` }));
  await queue.enqueueMany(Step, payloads);
  front.answer(rule?.());
  const ran: string[] = [];
  const options = { app, redis: front.url, fastPath, providers: [processor(ran)] };
  const worker = await startWorker(options, { concurrency: 10 });
  const count = (state: string) => redis.zcard(`scalr:{${app}}:steps:${state}`);
  const done = async () => {
    front.answer();
    await worker.close();
    return ran;
  };
  return { app, front, redis, count, done };
}
