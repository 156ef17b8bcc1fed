import { Injectable } from '@nestjs/common';
import { type DeadJob, DeadLetterService, defineJob, Discard, JobContext, ProcessJob } from 'scalr-queue';
import { startBoth, startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis.js';
import { longestStall, seedDead } from '../support/dead-jobs.js';

const Break = defineJob<{ text: string; discard?: boolean }>('break', {
  retry: { attempts: 2, delay: 5 },
  queue: 'first',
});
const Crack = defineJob<{ text: string }>('crack', { retry: false, queue: 'second' });

function breaker() {
  const mended = { yes: false };

  @Injectable()
  class BreakProcessor {
    @ProcessJob(Break)
    run({ text, discard }: { text: string; discard?: boolean }, ctx: JobContext) {
      if (mended.yes) return;
      if (discard) throw new Discard(text);
      throw Object.assign(new RangeError(`${text} at ${ctx.attempt}`), { code: 'E_BROKEN' });
    }

    @ProcessJob(Crack)
    crack({ text }: { text: string }) {
      if (!mended.yes) throw new Error(text);
    }
  }
  return { mended, providers: [BreakProcessor] };
}

/** An app with `count` dead jobs in two queues. */
async function withDead(count: number) {
  const { mended, providers } = breaker();
  const { app, queue, jobs, get } = await startBoth({ providers });
  const dead = get(DeadLetterService);
  const enqueued = [];
  for (let n = 0; n < count; n++) {
    const job =
      n % 2 === 0
        ? queue.enqueue(Break, { text: `failure ${n}` })
        : queue.enqueue(Crack, { text: `failure ${n}` });
    enqueued.push(await job);
  }
  await eventually(async () => expect(await dead.count()).toBe(count));
  return { app, mended, queue, jobs, dead, enqueued };
}

describe('the dead letters', () => {
  it('tell reason, error, stack, attempts, times and payload', async () => {
    const { queue, dead, jobs } = await withDead(0);
    const job = await queue.enqueue(Break, { text: 'boom' });
    await eventually(async () => expect(await dead.count()).toBe(1));
    const [found] = (await dead.list()).jobs as [DeadJob];
    expect(found).toMatchObject({
      id: job.id,
      name: 'break',
      queue: 'first',
      state: 'dead',
      reason: 'attempts',
      attempt: 2,
      payload: { text: 'boom' },
      error: { name: 'RangeError', message: 'boom at 2', code: 'E_BROKEN' },
    });
    expect(found.stack).toMatch(/RangeError: boom at 2\n\s+at /);
    expect(found.failures.map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(found.failures[0]!.at).toBeInstanceOf(Date);
    expect(found.finishedAt).toBeInstanceOf(Date);
    expect(await dead.get(job.id)).toEqual(found);
    expect(await dead.get('no-such-job')).toBeUndefined();
    expect((await jobs.get(job.id))?.reason).toBe('attempts');
  });

  it('are found by definition, queue, reason, error text and time', async () => {
    const { queue, dead, enqueued } = await withDead(6);
    const discarded = await queue.enqueue(Break, { text: 'never', discard: true });
    await eventually(async () => expect(await dead.count()).toBe(7));
    const ids = async (filter: Parameters<typeof dead.list>[0]) =>
      (await dead.list(filter)).jobs.map(({ id }) => id).toSorted();
    const sorted = (list: { id: string }[]) => list.map(({ id }) => id).toSorted();
    expect(await ids({ definition: Crack })).toEqual(sorted(enqueued.filter(({ name }) => name === 'crack')));
    expect(await ids({ definition: 'break', reason: 'attempts' })).toEqual(
      sorted(enqueued.filter(({ name }) => name === 'break')),
    );
    expect(await ids({ queue: 'second' })).toEqual(sorted(enqueued.filter(({ name }) => name === 'crack')));
    expect(await ids({ reason: 'discarded' })).toEqual([discarded.id]);
    expect(await ids({ error: 'FAILURE 3' })).toEqual([enqueued[3]!.id]);
    expect(await ids({ before: new Date(Date.now() - 60_000) })).toEqual([]);
    expect(await ids({ after: new Date(Date.now() - 60_000) })).toHaveLength(7);
    expect(await dead.count({ definition: Crack, error: 'failure' })).toBe(3);
  });

  it('are paged newest first over all queues, with no gap and none twice, also while others die', async () => {
    const { queue, dead, enqueued } = await withDead(11);
    const seen: DeadJob[] = [];
    let cursor: string | undefined;
    do {
      const page = await dead.list({}, { limit: 3, cursor });
      seen.push(...page.jobs);
      cursor = page.cursor;
      const late = await queue.enqueue(Crack, { text: 'late' });
      await eventually(async () => expect(await dead.get(late.id)).toBeDefined());
    } while (cursor);
    expect(seen.map(({ id }) => id).toSorted()).toEqual(enqueued.map(({ id }) => id).toSorted());
    const times = seen.map(({ finishedAt }) => finishedAt!.getTime());
    expect(times).toEqual(times.toSorted((a, b) => b - a));
  });

  it('are retried by id and by filter, with their id, their history and all their attempts', async () => {
    const { mended, jobs, dead, enqueued } = await withDead(4);
    const [first] = enqueued as [(typeof enqueued)[0]];
    expect(await dead.retry({}, { dryRun: true })).toEqual({ matched: 4, retried: 0 });
    expect(await dead.count()).toBe(4);
    expect(await dead.retry(first.id)).toEqual({ matched: 1, retried: 1 });
    await eventually(async () =>
      expect(await dead.get(first.id)).toMatchObject({ attempt: 2, failures: { length: 4 } }),
    );
    mended.yes = true;
    const limited = await dead.retry({}, { limit: 3 });
    expect(limited).toMatchObject({ matched: 3, retried: 3, cursor: expect.any(String) });
    expect(await dead.retry({}, { cursor: limited.cursor })).toEqual({ matched: 1, retried: 1 });
    for (const { id } of enqueued) await jobs.waitFor(id, { timeout: '10s' });
    expect(await dead.count()).toBe(0);
    expect(await dead.retry(first.id)).toEqual({ matched: 0, retried: 0 });
  });

  it('are retried once when two processes retry at the same time, and discarded only while dead', async () => {
    const app = uniqueApp();
    const { mended, providers } = breaker();
    const { queue, get } = await startProducer({ app });
    const other = await startProducer({ app });
    const dead = get(DeadLetterService);
    const worker = await startWorker({ app, providers });
    await queue.enqueueMany(
      Crack,
      Array.from({ length: 60 }, (_, n) => ({ text: `x${n}` })),
    );
    await eventually(async () => expect(await dead.count()).toBe(60));
    await worker.close();
    mended.yes = true;
    const [one, two, gone] = await Promise.all([
      dead.retry({}),
      other.get(DeadLetterService).retry({}),
      other.get(DeadLetterService).discard({ error: 'x1' }),
    ]);
    expect(one.retried + two.retried + gone.discarded).toBe(60);
    expect(await dead.count()).toBe(0);
  });

  it('are discarded for good', async () => {
    const { dead, jobs, enqueued } = await withDead(3);
    expect(await dead.discard({ definition: Crack })).toEqual({ matched: 1, discarded: 1 });
    expect(await jobs.get(enqueued[1]!.id)).toBeUndefined();
    expect(await dead.discard(enqueued[0]!.id)).toEqual({ matched: 1, discarded: 1 });
    expect(await dead.count()).toBe(1);
  });

  it('of a job that expired can be retried, and then it runs', async () => {
    const Stale = defineJob<void, string>('stale', { expiresIn: 20 });

    @Injectable()
    class StaleProcessor {
      @ProcessJob(Stale)
      run() {
        return 'ran';
      }
    }
    const app = uniqueApp();
    const { queue, jobs, get } = await startProducer({ app });
    const job = await queue.enqueue(Stale);
    const enqueuedAt = Date.now();
    await eventually(() => expect(Date.now() - enqueuedAt).toBeGreaterThan(30));
    await startWorker({ app, providers: [StaleProcessor] });
    const dead = get(DeadLetterService);
    await eventually(async () => expect((await dead.get(job.id))?.reason).toBe('expired'));
    await dead.retry({ reason: 'expired' });
    expect(await jobs.waitFor(job, { timeout: '10s' })).toBe('ran');
  });

  it.each([
    [{ definiton: 'x' }, /unknown option "definiton".*did you mean "definition"/],
    [{ reason: 'bored' }, /expected filter.reason to be one of "attempts", "discarded"/],
    [{ error: '' }, /expected filter.error to be a text of 1 to 1000 characters/],
    [{ after: 'yesterday' }, /expected filter.after to be a valid Date/],
    [{ queue: 'a:b' }, /expected filter.queue/],
  ])('refuse the wrong filter %j before anything is asked', async (filter, message) => {
    const { get } = await startProducer({});
    const dead = get(DeadLetterService);
    await expect(dead.list(filter as never)).rejects.toThrow(message);
    await expect(dead.retry(filter as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    await expect(dead.list({}, { limit: 0 })).rejects.toThrow(
      /expected limit to be an integer from 1 to 1000/,
    );
    await expect(dead.list({}, { cursor: 'nonsense' })).rejects.toThrow(/expected cursor/);
  });
});

describe('with 100,000 dead jobs', () => {
  it('pages and counts at once, works in slices, can be stopped and carried on, and holds nobody up', async () => {
    await using redis = await RedisServer.start();
    const app = uniqueApp();
    const { queue, jobs, get } = await startProducer({ app, redis: redis.url });
    const dead = get(DeadLetterService);
    await queue.enqueue(Crack, { text: 'makes the queue known' }, { delay: '1h' });
    await seedDead(redis.url, { app, queue: 'second', name: 'crack', count: 100_000 });

    const timed = async <T>(work: Promise<T>) => {
      const started = performance.now();
      return { value: await work, ms: Math.round(performance.now() - started) };
    };
    await dead.count();
    const count = await timed(dead.count());
    const page = await timed(dead.list());
    const filtered = await timed(dead.count({ error: 'seeded failure 99999' }));
    expect(count.value).toBe(100_000);
    expect(page.value.jobs).toHaveLength(50);
    expect(filtered.value).toBe(1);

    const stop = new AbortController();
    const progress: number[] = [];
    const first = await dead.retry(
      {},
      {
        signal: stop.signal,
        onProgress: ({ done }) => {
          progress.push(done);
          if (done >= 2_000) stop.abort();
        },
      },
    );
    expect(first.retried).toBeGreaterThanOrEqual(2_000);
    expect(first.retried).toBeLessThan(10_000);
    expect(progress.length).toBeGreaterThan(2);
    const stall = longestStall(redis.url);
    const rest = await timed(dead.retry({}, { cursor: first.cursor }));
    const longest = await stall.stop();
    expect(first.retried + rest.value.retried).toBe(100_000);
    expect(await dead.count()).toBe(0);
    expect(await jobs.get('seeded-5')).toMatchObject({ state: 'waiting', attempt: 0 });
    console.log(
      `100,000 dead jobs: count ${count.ms} ms, page ${page.ms} ms, filtered count ${filtered.ms} ms, ` +
        `retry of the rest ${rest.ms} ms, longest stall of another client ${longest} ms`,
    );
    // Generous: the promises are 200 ms and 50 ms on an idle machine.
    expect(count.ms).toBeLessThan(1_000);
    expect(page.ms).toBeLessThan(1_000);
    expect(longest).toBeLessThan(250);
  });
});
