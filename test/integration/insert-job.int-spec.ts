import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { Job, Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { defineJob, type EnqueueOptions, QueuesService } from 'scalr-queue';
import { onTestFinished } from 'vitest';
import { COMPARED_ENGINES } from '../../libs/scalr-queue/src/engine/redis/fast-path.js';
import { startProducer, uniqueApp } from '../support/apps.js';
import { sharedRedisUrl } from '../support/redis.js';

const Note = defineJob<{ text: string }>('note');

/** All keys of an app, with what differs from job to job and moment to moment replaced. */
async function contentsOf(app: string, ids: readonly string[]): Promise<Record<string, unknown>> {
  const redis = new Redis(sharedRedisUrl());
  onTestFinished(() => redis.disconnect());
  const clean = (text: string) =>
    ids
      .reduce((line, id, index) => line.replaceAll(id, `job ${index}`), text)
      .replaceAll(app, 'app')
      .replaceAll(UUID, 'other')
      .replaceAll(/\d{16}/g, '1')
      .replaceAll(/\d{13}(-\d+)?/g, '0');
  const keys = (await redis.keys(`scalr:{${app}}:default:*`)).toSorted();
  const read = async (key: string): Promise<unknown> => {
    const type = await redis.type(key);
    if (type === 'string') return redis.get(key);
    if (type === 'list') return redis.lrange(key, 0, -1);
    if (type === 'zset') return redis.zrange(key, '0', '-1', 'WITHSCORES');
    if (type === 'stream') return redis.xrange(key, '-', '+');
    // Ours: for how long a chosen id is remembered.
    const { kid: _kid, ...fields } = await redis.hgetall(key);
    if (!fields.opts) return fields;
    // Ours are told apart by what is beside them, the engine's hold it twice.
    const { jobId: _id, timestamp: _timestamp, ...opts } = JSON.parse(fields.opts) as Record<string, unknown>;
    return { ...fields, opts };
  };
  const entries = await Promise.all(
    keys.map(async (key) => [clean(key), JSON.parse(clean(JSON.stringify(await read(key))))] as const),
  );
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

const OPTIONS: Record<string, EnqueueOptions> = {
  'a plain job': {},
  'a delayed job': { delay: '1h', retry: { attempts: 2 }, timeout: '1m' },
  'a job with a priority': { priority: 7, expiresIn: '1h' },
};

/** What the engine's own queue leaves for jobs with the same options. */
async function addedByEngine(
  app: string,
  stored: readonly Record<string, string>[],
  pauseBefore: number,
  known?: readonly string[],
) {
  const connection = new Redis(sharedRedisUrl(), { maxRetriesPerRequest: null });
  onTestFinished(() => connection.disconnect());
  const queue = new Queue('default', {
    connection,
    prefix: `scalr:{${app}}`,
    streams: { events: { maxLen: 1_000 } },
  });
  onTestFinished(() => queue.close());
  await queue.setGlobalConcurrency(1);
  const ids: string[] = [];
  for (const [index, { id, name, data, opts, timestamp }] of stored.entries()) {
    if (index === pauseBefore) await queue.pause();
    const options = { ...Job.optsFromJSON(opts), jobId: id!, timestamp: Number(timestamp) };
    ids.push((await queue.add(name!, JSON.parse(data!), options)).id!.slice('note~'.length));
  }
  return contentsOf(app, known ?? ids);
}

const running = new Map<Worker, Job>();

/** What calls leave one after the other, and what the engine's own queue leaves for the same; a step follows each of them. */
async function bothOf(
  calls: readonly (readonly [payload: { text: string }, options: EnqueueOptions])[],
  step: (worker: Worker, added: number) => Promise<unknown>,
) {
  const redis = new Redis(sharedRedisUrl());
  const connection = redis.duplicate({ maxRetriesPerRequest: null });
  onTestFinished(() => [redis, connection].forEach((one) => one.disconnect()));
  const [app, other] = [uniqueApp(), uniqueApp()];
  const workerOf = (name: string) => {
    const worker = new Worker('default', undefined, { connection, prefix: `scalr:{${name}}` });
    onTestFinished(() => worker.close());
    return worker;
  };
  const plain = new Queue('default', {
    connection,
    prefix: `scalr:{${other}}`,
    streams: { events: { maxLen: 1_000 } },
  });
  onTestFinished(() => plain.close());
  const { queue } = await startProducer({ app });
  const [worker, otherWorker] = [workerOf(app), workerOf(other)];
  const ids: string[] = [];
  const statuses: string[] = [];
  for (const [index, [payload, options]] of calls.entries()) {
    const { id, status } = await queue.enqueue(Note, payload, options);
    statuses.push(status);
    const isStored = (await redis.exists(`scalr:{${app}}:default:note~${id}`)) === 1 && !ids.includes(id);
    const stored = await redis.hmget(
      `scalr:{${app}}:default:note~${isStored ? id : ids[0]}`,
      'opts',
      'timestamp',
    );
    const jobId = isStored ? id : randomUUID();
    ids.push(jobId);
    await step(worker, index + 1);
    const known = { ...Job.optsFromJSON(stored[0]!), jobId: `note~${jobId}`, timestamp: Number(stored[1]) };
    await plain.add('note', payload, known);
    await step(otherWorker, index + 1);
  }
  return { ours: await contentsOf(app, ids), engine: await contentsOf(other, ids), statuses };
}

describe('the insert of jobs', () => {
  it('is compared with the engine of a version that the fast path names', () => {
    const { version } = createRequire(import.meta.url)('bullmq/package.json') as { version: string };
    expect(COMPARED_ENGINES).toContain(version.split('.', 2).join('.'));
  });

  it.each(Object.entries(OPTIONS))('leaves in Redis what the engine leaves: %s', async (_what, options) => {
    const redis = new Redis(sharedRedisUrl());
    onTestFinished(() => redis.disconnect());
    for (const isChosen of [false, true]) {
      const app = uniqueApp();
      const { queue, get } = await startProducer({ app });
      await redis.hset(`scalr:{${app}}:default:meta`, 'concurrency', 1);
      const ids: string[] = [];
      const add = async (count: number) => {
        const jobs = Array.from({ length: count }, async (_, at) => {
          const id = isChosen ? { id: `chosen-${ids.length + at}` } : {};
          return (await queue.enqueue(Note, { text: 'ü {} [] "' }, { ...options, ...id })).id;
        });
        ids.push(...(await Promise.all(jobs)));
      };
      // One by one, and several in one turn, which are one call; then into a queue that is paused.
      await add(1);
      await add(3);
      await get(QueuesService).pause('default');
      await add(2);
      const stored = await Promise.all(
        ids.map(async (id) => ({
          ...(await redis.hgetall(`scalr:{${app}}:default:note~${id}`)),
          id: `note~${id}`,
        })),
      );
      const ours = await contentsOf(app, ids);
      expect(Object.keys(ours).length).toBeGreaterThan(8);
      expect(ours).toEqual(await addedByEngine(uniqueApp(), stored, 4));
    }
  });

  it.each<[string, EnqueueOptions]>([
    ['as long as it lives', { unique: true }],
    ['for an hour', { unique: { for: '1h' }, delay: '2h' }],
  ])(
    'leaves in Redis what the engine leaves of a job that is unique %s, and of its equals',
    async (_how, options) => {
      const redis = new Redis(sharedRedisUrl());
      onTestFinished(() => redis.disconnect());
      const app = uniqueApp();
      const { queue } = await startProducer({ app });
      await redis.hset(`scalr:{${app}}:default:meta`, 'concurrency', 1);
      const calls = [1, 1, 2].map((n) => queue.enqueue(Note, { text: `${n}` }, options));
      const jobs = await Promise.all(calls);
      expect(jobs.map(({ status }) => status)).toEqual(['created', 'duplicate', 'created']);
      const stored = await Promise.all(
        jobs.map(async ({ id }, at) => ({
          ...(await redis.hgetall(`scalr:{${app}}:default:note~${id}`)),
          id: at === 1 ? `note~${randomUUID()}` : `note~${id}`,
        })),
      );
      const ids = [jobs[0]!.id, jobs[2]!.id];
      const keysOf = await redis.keys(`scalr:{${app}}:default:de:*`);
      expect(keysOf).toHaveLength(2);
      const lives = await Promise.all(keysOf.map((key) => redis.pttl(key)));
      expect(lives.every((left) => ('for' in Object(options.unique) ? left > 3_000_000 : left === -1))).toBe(
        true,
      );
      const ours = await contentsOf(app, ids);
      expect(ours).toEqual(await addedByEngine(uniqueApp(), stored, stored.length, ids));
    },
  );

  it('leaves in Redis what the engine leaves of a delayed job that others replace, and of one that none can', async () => {
    const unique = { key: 'one', onConflict: 'replace' } as const;
    const texts = ['first', 'second', 'third'];
    for (const delay of ['1h', undefined] as const) {
      const calls = texts.map((text) => [{ text }, { unique, ...(delay ? { delay } : {}) }] as const);
      const { ours, engine, statuses } = await bothOf(calls, async () => undefined);
      expect(statuses).toEqual(
        delay ? ['created', 'replaced', 'replaced'] : ['created', 'duplicate', 'duplicate'],
      );
      expect(ours).toEqual(engine);
    }
  });

  it('leaves in Redis what the engine leaves of a job that is to run once more after its run', async () => {
    const unique = { key: 'one', onConflict: 'rerun' } as const;
    const calls = ['first', 'second'].map((text) => [{ text }, { unique }] as const);
    const take = (worker: Worker) => worker.getNextJob('token');
    const { ours, engine, statuses } = await bothOf(calls, async (worker, added) => {
      if (added === 1) await take(worker);
    });
    expect(statuses).toEqual(['created', 'rerun']);
    // Ours has stored the one that follows, so that it can be found by its id.
    const { 'scalr:{app}:default:note~job 1': following, ...others } = ours;
    expect(following).toMatchObject({ data: '{"text":"second"}' });
    expect(others).toEqual(engine);

    const ended = await bothOf(calls, async (worker, added) => {
      if (added === 1) running.set(worker, await take(worker));
      else await running.get(worker)!.moveToCompleted('done', 'token', false);
    });
    expect(ended.ours).toHaveProperty(['scalr:{app}:default:note~job 1']);
    expect(ended.ours).toEqual(ended.engine);
  });

  it('keeps what is wrong with the key of one job from the others of its call', async () => {
    const redis = new Redis(sharedRedisUrl());
    onTestFinished(() => redis.disconnect());
    const app = uniqueApp();
    const { queue, jobs } = await startProducer({ app });
    await queue.enqueue(Note, { text: 'unique' }, { unique: true });
    const [key] = await redis.keys(`scalr:{${app}}:default:de:*`);
    await redis.multi().del(key!).hset(key!, 'not', 'a text').exec();
    const [before, wrong, after] = await Promise.allSettled([
      queue.enqueue(Note, { text: 'before' }),
      queue.enqueue(Note, { text: 'unique' }, { unique: true }),
      queue.enqueue(Note, { text: 'after' }, { id: 'after' }),
    ]);
    expect(wrong).toMatchObject({
      reason: { code: 'OUTCOME_UNKNOWN', cause: { message: expect.stringMatching(/^WRONGTYPE/) } },
    });
    expect([before, after]).toMatchObject([
      { value: { status: 'created' } },
      { value: { status: 'created' } },
    ]);
    expect(await jobs.get('after')).toMatchObject({ state: 'waiting' });
    expect(await redis.llen(`scalr:{${app}}:default:wait`)).toBe(3);
  });

  it('is that of the engine itself where the fast path is off', async () => {
    const redis = new Redis(sharedRedisUrl());
    onTestFinished(() => redis.disconnect());
    for (const fastPath of ['off', 'auto'] as const) {
      const app = uniqueApp();
      const { queue } = await startProducer({ app, fastPath });
      const own = await queue.enqueue(Note, { text: 'one' }, { delay: '1h' });
      const many = await queue.enqueueMany(Note, [{ text: 'two' }, { text: 'three' }], { priority: 2 });
      for (const { id } of [own, ...many]) {
        const opts = await redis.hget(`scalr:{${app}}:default:note~${id}`, 'opts');
        // Only the engine's own scripts repeat the id there.
        expect('jobId' in (JSON.parse(opts!) as object)).toBe(fastPath === 'off');
      }
    }
  });

  it('tells a job that is waited for from others of its definition, whichever comes first', async () => {
    const redis = new Redis(sharedRedisUrl());
    onTestFinished(() => redis.disconnect());
    for (const waitedFirst of [true, false]) {
      const app = uniqueApp();
      const { queue } = await startProducer({ app });
      const wait = () =>
        expect(queue.enqueueAndWait(Note, { text: 'waited' }, { waitFor: 50 })).rejects.toMatchObject({
          code: 'WAIT_TIMEOUT',
        });
      if (waitedFirst) await wait();
      await queue.enqueue(Note, { text: 'plain' });
      if (!waitedFirst) await wait();
      const keys = await redis.keys(`scalr:{${app}}:default:note~*`);
      const jobs = await Promise.all(keys.map((key) => redis.hmget(key, 'data', 'opts')));
      const marks = jobs.map(([data, opts]) => [
        (JSON.parse(data!) as { text: string }).text,
        (JSON.parse(opts!) as { scalr?: { waited?: boolean } }).scalr?.waited,
      ]);
      expect(Object.fromEntries(marks)).toEqual({ waited: true, plain: undefined });
    }
  });
});
