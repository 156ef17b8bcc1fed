import { type DeadJob, DeadLetterService } from 'scalr-queue';
import { startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { breaker, Break, Crack, withDead } from '../support/breaking-jobs.js';
import { eventually } from '../support/eventually.js';

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
    const deaths = (await dead.list({})).jobs.map(({ id, finishedAt }) => ({ id, at: +finishedAt! }));
    const middle = deaths[3]!.at;
    // From a moment on, and before it: to the millisecond.
    expect(await ids({ after: new Date(middle) })).toEqual(sorted(deaths.filter(({ at }) => at >= middle)));
    expect(await ids({ before: new Date(middle) })).toEqual(sorted(deaths.filter(({ at }) => at < middle)));
    expect(await ids({ after: new Date(deaths[0]!.at + 1) })).toEqual([]);
    expect(await ids({ before: new Date(deaths.at(-1)!.at) })).toEqual([]);
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

  it('are retried once when two processes retry at the same time, and deleted only while dead', async () => {
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
      other.get(DeadLetterService).delete({ error: 'x1' }),
    ]);
    expect(one.retried + two.retried + gone.deleted).toBe(60);
    expect(await dead.count()).toBe(0);
  });

  it('are deleted for good', async () => {
    const { dead, jobs, enqueued } = await withDead(3);
    expect(await dead.delete({ definition: Crack })).toEqual({ matched: 1, deleted: 1 });
    expect(await jobs.get(enqueued[1]!.id)).toBeUndefined();
    expect(await dead.delete(enqueued[0]!.id)).toEqual({ matched: 1, deleted: 1 });
    expect(await dead.count()).toBe(1);
  });

  it('with one id in two definitions are told apart by their name', async () => {
    const { queue, dead, jobs } = await withDead(0);
    await queue.enqueue(Crack, { text: 'x' }, { id: 'same' });
    await queue.enqueue(Break, { text: 'x' }, { id: 'same' });
    await eventually(async () => expect(await dead.count()).toBe(2));
    await expect(dead.delete('same')).rejects.toThrow(/pass \{ id, name \}/);
    expect(await dead.delete({ id: 'same', name: 'crack' })).toEqual({ matched: 1, deleted: 1 });
    expect((await jobs.get('same'))?.name).toBe('break');
  });

  it('stay untouched when the signal has aborted before, and can be carried on with', async () => {
    const { dead, mended } = await withDead(3);
    mended.yes = true;
    const signal = AbortSignal.abort();
    const { cursor, ...none } = await dead.retry({}, { signal });
    expect(none).toEqual({ matched: 0, retried: 0 });
    expect(await dead.retry({}, { cursor })).toEqual({ matched: 3, retried: 3 });
  });
});
