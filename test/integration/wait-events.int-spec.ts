import { Redis } from 'ioredis';
import { getEventListeners } from 'node:events';
import { setImmediate as tick } from 'node:timers/promises';
import { defineJob } from 'scalr-queue';
import { type MockInstance, onTestFinished } from 'vitest';
import { handlerOf } from '../conformance/driver.js';
import { startBoth } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis.js';

type End = 'return' | 'throw';
const Hold = defineJob<End, string>('hold', { retry: false });
/** How long the connection for events is kept when nobody waits any more, and what that is made here. */
const IDLE = 10_000;
const SHORT = 600;
/** What the machine's own clock may take, however busy it is. */
const PATIENCE = 20_000;
const { setTimeout: realSetTimeout, clearTimeout: realClearTimeout } = globalThis;

/** Stops the clock of waits: they look at a job by themselves no more, so that only its event can wake them. */
const stopClock = () => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });

/** Timers of just that length are over sooner. */
function shorten(from: number, to: number) {
  const spy = vi.spyOn(globalThis, 'setTimeout') as unknown as MockInstance<(...args: unknown[]) => unknown>;
  const real = realSetTimeout as unknown as (...args: unknown[]) => unknown;
  spy.mockImplementation((work, ms, ...args) => real(work, ms === from ? to : ms, ...args));
  onTestFinished(() => spy.mockRestore());
}

/** By the clock of the machine, whatever the other one says. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = realSetTimeout(() => reject(new Error('not woken')), PATIENCE);
  });
  return Promise.race([work, late]).finally(() => realClearTimeout(timer));
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('it did not come true');
    await tick();
  }
}

describe('a wait for a job', () => {
  let redis: RedisServer;
  let client: Redis;
  beforeAll(async () => {
    redis = await RedisServer.start();
    client = new Redis(redis.url);
  });
  afterEach(() => void vi.useRealTimers());
  afterAll(async () => {
    client.disconnect();
    await redis.stop();
  });

  /** A worker whose jobs end when they are told to. */
  async function startHolding() {
    const releases: (() => void)[] = [];
    const handler = handlerOf(Hold, async (end) => {
      await new Promise<void>((resolve) => releases.push(resolve));
      if (end === 'throw') throw new Error('at the end');
      return 'done';
    });
    const app = await startBoth({ redis: redis.url, providers: [handler] });
    const enqueued = async (end: End) => {
      const before = releases.length;
      const job = await app.queue.enqueue(Hold, end);
      await eventually(() => expect(releases).toHaveLength(before + 1));
      return job;
    };
    /** Readers of the events of the queue. */
    const listeners = async () => {
      const list = (await client.client('LIST')) as string;
      return list.split('\n').filter((it) => it.includes(`{${app.app}}`) && it.includes('cmd=xread')).length;
    };
    return { ...app, enqueued, listeners, release: () => releases.at(-1)!() };
  }

  it.each<[End, boolean]>([
    ['return', true],
    ['throw', true],
    ['return', false],
  ])(
    'is woken by the end of it, with no look in between: %s, as answered by enqueue: %s',
    async (end, isRef) => {
      const { jobs, enqueued, listeners, release } = await startHolding();
      const job = await enqueued(end);
      stopClock();
      const wait = jobs
        .waitFor(isRef ? job : job.id, { timeout: '1h' })
        .catch(({ reason, message }: { reason: string; message: string }) => `${reason}: ${message}`);
      await until(async () => (await listeners()) === 1);
      release();
      expect(await inTime(wait)).toMatch(end === 'return' ? /^done$/ : /^attempts: .*at the end/);
    },
  );

  it('keeps one connection for all waits of a queue, which closes when nobody waits for ten seconds', async () => {
    shorten(IDLE, SHORT);
    const { jobs, enqueued, listeners, release } = await startHolding();
    const first = await enqueued('return');
    const { signal } = new AbortController();
    const waits = [1, 2].map(() => jobs.waitFor(first, { timeout: '1m', signal }));
    await eventually(async () => expect(await listeners()).toBe(1));
    release();
    expect(await Promise.all(waits)).toEqual(['done', 'done']);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    // Somebody waits again before it has closed, for longer than it is kept idle.
    const second = await enqueued('return');
    const third = jobs.waitFor(second, { timeout: '1m' });
    const since = Date.now();
    await eventually(() => Date.now() > since + 2 * SHORT);
    expect(await listeners()).toBe(1);
    release();
    expect(await third).toBe('done');
    await eventually(async () => expect(await listeners()).toBe(0));
  });
});
