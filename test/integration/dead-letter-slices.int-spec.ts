import { Redis } from 'ioredis';
import { spawnSync } from 'node:child_process';
import { type DeadLetterProgress, DeadLetterService, defineJob } from 'scalr-queue';
import { startProducer, uniqueApp } from '../support/apps.js';
import { seedDead } from '../support/dead-jobs.js';
import { sharedRedisUrl } from '../support/redis.js';

/** When the first of the seeded jobs died; each other one a millisecond later. */
const FIRST_DEATH = 1_700_000_000_000;

const app = uniqueApp();
const closing: (() => Promise<void>)[] = [];
let dead: DeadLetterService;
let redis: Redis;

beforeAll(async () => {
  const { get } = await startProducer({ app }, { atEnd: (work) => closing.push(work) });
  dead = get(DeadLetterService);
  redis = new Redis(sharedRedisUrl());
});
afterAll(async () => {
  redis.disconnect();
  for (const close of closing) await close();
});

/** Dead jobs `seeded-0` (the oldest) to `seeded-<count - 1>` of one queue. */
async function seed(queue: string, count: number) {
  await seedDead(sharedRedisUrl(), { app, queue, name: 'crack', count });
  const prefix = `scalr:{${app}}:${queue}:`;
  return { failed: `${prefix}failed`, keyOf: (n: number) => `${prefix}crack~seeded-${n}` };
}

/** Changes Redis while this process stands still: nothing can come in between. */
function meanwhile(...commands: (string | number)[][]): void {
  const script = `import { Redis } from 'ioredis';
    const redis = new Redis(process.argv[1]);
    await redis.multi(JSON.parse(process.argv[2])).exec();
    redis.disconnect();`;
  const args = ['--input-type=module', '-e', script, sharedRedisUrl(), JSON.stringify(commands)];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
}

describe('dead jobs of a time', () => {
  it('are those from its beginning on and before its end, to the millisecond', async () => {
    const queue = 'times';
    await seed(queue, 10);
    const at = (n: number) => new Date(FIRST_DEATH + n);
    const found = async (times: { after?: Date; before?: Date }) => {
      const page = await dead.list({ queue, ...times });
      // Counted in Redis, and by going through the jobs.
      for (const more of [{}, { definition: 'crack' }, { error: 'seeded' }])
        expect(await dead.count({ queue, ...times, ...more })).toBe(page.jobs.length);
      return page.jobs.map(({ id }) => id.slice('seeded-'.length)).join('');
    };
    expect(await found({ after: at(7) })).toBe('987');
    expect(await found({ before: at(3) })).toBe('210');
    expect(await found({ after: at(3), before: at(6) })).toBe('543');
    expect(await found({ after: at(4), before: at(4) })).toBe('');
    expect(await dead.retry({ queue, after: at(8) }, { dryRun: true })).toEqual({ matched: 2, retried: 0 });
    expect(await dead.delete({ queue, before: at(2) })).toEqual({ matched: 2, deleted: 2 });
    expect(await found({})).toBe('98765432');
  });
});

describe('dead jobs of a definition', () => {
  it('are not those of another one whose name begins with the same letters', async () => {
    const queue = 'names';
    await seed(queue, 2);
    await seedDead(sharedRedisUrl(), { app, queue, name: 'crack-down', count: 3 });
    const definition = 'crack';
    expect(await dead.count({ queue, definition })).toBe(2);
    expect((await dead.list({ queue, definition })).jobs.map(({ name }) => name)).toEqual(['crack', 'crack']);
    expect(await dead.delete({ queue, definition })).toEqual({ matched: 2, deleted: 2 });
    expect(await dead.count({ queue })).toBe(3);
  });
});

describe('dead jobs in number', () => {
  it('are looked at 500 and changed 100 at a time, with a word after each', async () => {
    const queue = 'slices';
    await seed(queue, 1_200);
    const told: DeadLetterProgress[] = [];
    const onProgress = (progress: DeadLetterProgress) => void told.push(progress);
    await dead.delete({ queue, error: 'no such text' }, { onProgress });
    expect(told.map(({ scanned }) => scanned)).toEqual([500, 1_000, 1_200]);
    told.length = 0;
    expect(await dead.delete({ queue }, { limit: 250, onProgress })).toMatchObject({ deleted: 250 });
    expect(told.map(({ done }) => done)).toEqual([100, 200, 250]);
    const stop = new AbortController();
    const { deleted } = await dead.delete({ queue }, { signal: stop.signal, onProgress: () => stop.abort() });
    expect(deleted).toBe(100);
    expect(await dead.count({ queue })).toBe(850);
  });

  it('that died in the same millisecond are paged with no gap and none twice', async () => {
    const queue = 'same';
    const { failed, keyOf } = await seed(queue, 1_100);
    const pipeline = redis.pipeline();
    for (let n = 0; n < 1_100; n++) {
      pipeline.zadd(failed, FIRST_DEATH, `crack~seeded-${n}`);
      pipeline.hset(keyOf(n), 'finishedOn', FIRST_DEATH);
    }
    await pipeline.exec();
    const ids = new Set<string>();
    const sizes: number[] = [];
    let cursor: string | undefined;
    do {
      const page = await dead.list({ queue }, { limit: 300, cursor });
      for (const { id } of page.jobs) ids.add(id);
      sizes.push(page.jobs.length);
      cursor = page.cursor;
    } while (cursor);
    expect(sizes).toEqual([300, 300, 300, 200]);
    expect(ids.size).toBe(1_100);
  });
});

describe('a job that died anew', () => {
  it.each(['retry', 'delete'] as const)(
    'after it was found is left alone by %s: nobody has looked at this death',
    async (action) => {
      const queue = `anew-${action}`;
      const { failed, keyOf } = await seed(queue, 101);
      const died = Date.now();
      let changed = false;
      const onProgress = () => {
        // The oldest is in the second slice: it has been found, and not been acted on.
        if (!changed)
          meanwhile(
            ['zadd', failed, died, 'crack~seeded-0'],
            ['hset', keyOf(0), 'finishedOn', died, 'failedReason', 'attempts Error: of another kind'],
          );
        changed = true;
      };
      const outcome = await dead[action]({ queue, error: 'seeded failure' }, { onProgress });
      const done = 'retried' in outcome ? outcome.retried : outcome.deleted;
      expect([outcome.matched, done]).toEqual([101, 100]);
      expect((await dead.list({ queue })).jobs).toMatchObject([
        { id: 'seeded-0', error: { message: 'of another kind' } },
      ]);
    },
  );

  it.each(['retry', 'delete'] as const)(
    'and was retried after it was found is left alone by %s',
    async (action) => {
      const queue = `again-${action}`;
      const { failed, keyOf } = await seed(queue, 101);
      let changed = false;
      const onProgress = () => {
        if (!changed)
          meanwhile(
            ['zrem', failed, 'crack~seeded-0'],
            ['hdel', keyOf(0), 'finishedOn', 'failedReason'],
            ['lpush', failed.replace('failed', 'active'), 'crack~seeded-0'],
          );
        changed = true;
      };
      const outcome = await dead[action]({ queue }, { onProgress });
      const done = 'retried' in outcome ? outcome.retried : outcome.deleted;
      expect([outcome.matched, done]).toEqual([101, 100]);
      expect(await redis.lrange(failed.replace('failed', 'active'), '0', '-1')).toEqual(['crack~seeded-0']);
      expect(await redis.hget(keyOf(0), 'name')).toBe('crack');
    },
  );
});

describe('a deleted dead job', () => {
  it('leaves nothing behind, its log included, and takes no key that another job holds by now', async () => {
    const own = uniqueApp();
    const { queue, jobs, get } = await startProducer({ app: own });
    const Once = defineJob('once', { queue: 'only', unique: true });
    const first = await queue.enqueue(Once, undefined, { id: 'first' });
    await jobs.cancel(first.id);
    const second = await queue.enqueue(Once, undefined, { id: 'second' });
    expect(second.status).toBe('created');
    const key = `scalr:{${own}}:only:once~first`;
    await redis.rpush(`${key}:logs`, 'a line');
    expect(await get(DeadLetterService).delete('first')).toEqual({ matched: 1, deleted: 1 });
    expect(await redis.keys(`${key}*`)).toEqual([]);
    expect(await queue.enqueue(Once, undefined, { id: 'third' })).toMatchObject({
      status: 'duplicate',
      id: 'second',
    });
    await jobs.cancel('second');
    await get(DeadLetterService).delete('second');
    expect(await queue.enqueue(Once, undefined, { id: 'fourth' })).toMatchObject({ status: 'created' });
  });
});

describe('a dead job of a queue that its definition has left', () => {
  it('is retried in the new one with its log, and never in the place of a job that is there', async () => {
    const own = uniqueApp();
    const { queue, jobs, get } = await startProducer({ app: own });
    const Moved = defineJob<object>('moved', { queue: 'new' });
    await queue.enqueue(Moved, { of: 'the new queue' }, { id: 'seeded-1' });
    await seedDead(sharedRedisUrl(), { app: own, queue: 'old', name: 'moved', count: 2 });
    const keyOf = (its: string, n: number) => `scalr:{${own}}:${its}:moved~seeded-${n}`;
    await redis.rpush(`${keyOf('old', 0)}:logs`, 'a line');
    expect(await get(DeadLetterService).retry({ queue: 'old' })).toEqual({ matched: 2, retried: 2 });
    expect(await jobs.details({ id: 'seeded-0', name: 'moved' })).toMatchObject({
      queue: 'new',
      state: 'waiting',
      logs: ['a line'],
    });
    expect(await redis.keys(`${keyOf('old', 0)}*`)).toEqual([]);
    expect(await jobs.details({ id: 'seeded-1', name: 'moved', queue: 'new' })).toMatchObject({
      state: 'waiting',
      payload: { of: 'the new queue' },
    });
    expect(await redis.zcard(`scalr:{${own}}:old:failed`)).toBe(0);
    expect(await redis.zcard(`scalr:{${own}}:new:failed`)).toBe(0);
  });
});
