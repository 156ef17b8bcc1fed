import { defineJob, type EnqueueOptions, QueueFullError } from 'scalr-queue';
import { Redis } from 'ioredis';
import { startProducer, uniqueApp } from '../support/apps.js';
import { AnsweringRedis } from '../support/answering-redis.js';
import { eventually } from '../support/eventually.js';
import { sharedRedisUrl } from '../support/redis.js';

const Many = defineJob<number>('many', { queue: 'crowded' });
const Free = defineJob<number>('free', { queue: 'free' });

/** A producer with a limit, behind a Redis that shows what it is asked; and another one, of which the first one knows nothing. */
async function start(maxBacklog: number | false) {
  const app = uniqueApp();
  const front = await AnsweringRedis.before(sharedRedisUrl());
  onTestFinished(() => front[Symbol.asyncDispose]());
  const queues = { crowded: { maxBacklog } };
  const { queue } = await startProducer({ app, redis: front.url, queues });
  const other = await startProducer({ app });
  const redis = new Redis(sharedRedisUrl());
  onTestFinished(() => redis.disconnect());
  const reads = () =>
    front.commands.filter(([name, key = '']) => name === 'llen' && key.endsWith(':wait')).length;
  const empty = async () => {
    const lists = ['wait', 'delayed', 'prioritized'].map((list) => `scalr:{${app}}:crowded:${list}`);
    await redis.del(...lists);
  };
  return { queue, other, front, reads, empty };
}

/** From now on the clock of the process stands still, but for what is passed. */
function clock(): (ms: number) => void {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  return (ms) => void vi.advanceTimersByTime(ms);
}

describe('maxBacklog', () => {
  it.each<[string, EnqueueOptions]>([
    ['waiting', {}],
    ['delayed', { delay: '1h' }],
    ['prioritized', { priority: 3 }],
  ])('counts what other processes have enqueued: %s', async (_state, options) => {
    const { queue, other } = await start(10);
    const items = Array.from({ length: 10 }, (_, n) => ({ payload: n, options }));
    await other.queue.enqueueMany(Many, items);
    const error: unknown = await queue.enqueue(Many, 11).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(QueueFullError);
    expect(String(error)).toContain(
      'the queue "crowded" holds 10 jobs, its maxBacklog is 10. Nothing was enqueued',
    );
  });

  it('holds for each of many calls at the same moment, and takes exactly as many as fit', async () => {
    const { queue, other } = await start(10);
    await other.queue.enqueueMany(Many, [1, 2, 3, 4]);
    const calls = Array.from({ length: 20 }, (_, n) => queue.enqueue(Many, n));
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(6);
    await expect(queue.enqueueMany(Many, [1])).rejects.toBeInstanceOf(QueueFullError);
  });

  it('counts each of many jobs, and refuses them together', async () => {
    const { queue, other } = await start(10);
    await other.queue.enqueueMany(Many, [1, 2, 3, 4]);
    const error: unknown = await queue
      .enqueueMany(Many, [5, 6, 7, 8, 9, 10, 11])
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(QueueFullError);
    expect(error).toMatchObject({ enqueued: [], message: expect.stringContaining('Nothing was enqueued') });
    expect(await queue.enqueueMany(Many, [5, 6, 7, 8, 9, 10])).toHaveLength(6);
  });

  it('trusts a size for a quarter of a second, and takes jobs again when there is room', async () => {
    const { queue, other, reads, empty } = await start(10);
    await other.queue.enqueueMany(Many, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const pass = clock();
    for (let call = 0; call < 50; call++)
      await expect(queue.enqueue(Many, call)).rejects.toBeInstanceOf(QueueFullError);
    expect(reads()).toBe(1);
    await empty();
    pass(249);
    await expect(queue.enqueue(Many, 1)).rejects.toBeInstanceOf(QueueFullError);
    pass(2);
    expect(await queue.enqueue(Many, 1)).toMatchObject({ status: 'created' });
    expect(reads()).toBe(2);
  });

  it('hears of jobs of others also while it counts far fewer itself', async () => {
    const { queue, other, reads } = await start(100);
    const pass = clock();
    await queue.enqueue(Many, 0);
    const items = Array.from({ length: 99 }, (_, n) => n);
    await other.queue.enqueueMany(Many, items);
    pass(300);
    // Does not wait for the size, but has it read.
    await queue.enqueue(Many, 1);
    await eventually(() => expect(reads()).toBe(2));
    // Its reply is here before that of a call that is made now.
    await queue.enqueue(Free, 0);
    await expect(queue.enqueue(Many, 2)).rejects.toThrow(/holds 10[01] jobs/);
  });

  it('makes no call wait for the size where no limit is set: it is read behind the call', async () => {
    const { queue, front } = await start(10);
    const llens = () => front.commands.filter(([name]) => name === 'llen').length;
    // Whoever waited for the size would fail.
    front.answer(([name]) =>
      name === 'llen' ? { error: 'LOADING Redis is loading the dataset in memory' } : undefined,
    );
    expect(await queue.enqueue(Free, 1)).toMatchObject({ status: 'created' });
    await eventually(() => expect(llens()).toBeGreaterThan(0));
    expect(await queue.enqueue(Free, 2)).toMatchObject({ status: 'created' });
  });

  it('says why where the size cannot be read, and enqueues nothing', async () => {
    const { queue, front } = await start(10);
    front.answer(([name]) =>
      name === 'zcard' ? { error: 'LOADING Redis is loading the dataset in memory' } : undefined,
    );
    await expect(queue.enqueue(Many, 1)).rejects.toThrow(/loading its data/);
    front.answer();
    expect(await queue.enqueue(Many, 1)).toMatchObject({ status: 'created' });
  });

  it('asks nothing where there is no limit', async () => {
    const { queue, reads } = await start(false);
    for (let n = 0; n < 5; n++) await queue.enqueue(Many, n);
    expect(reads()).toBe(0);
  });
});
