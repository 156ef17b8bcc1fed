import { Redis } from 'ioredis';
import { defineJob, Discard, type EnqueuedJob } from 'scalr-queue';
import { onTestFinished } from 'vitest';
import { handlerOf } from '../conformance/driver.js';
import { startBoth } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { sharedRedisUrl } from '../support/redis.js';

const nothing = { completed: { count: 0 }, dead: { count: 0 } };
const Brief = defineJob<{ n: number }, number>('brief', { keep: nothing, retry: false });
const Few = defineJob<{ n: number }, number>('few', { keep: { completed: { count: 100 } } });
const twice = ({ n }: { n: number }) => {
  if (n < 0) throw new Discard('negative');
  return 2 * n;
};

async function start() {
  const app = await startBoth({ providers: [handlerOf(Brief, twice), handlerOf(Few, twice)] });
  const redis = new Redis(sharedRedisUrl());
  onTestFinished(() => redis.disconnect());
  return { ...app, redis, prefix: `scalr:{${app.app}}:default` };
}

describe('a job that is not kept', () => {
  it('gives its result, or its failure, to everybody who enqueues it and waits', async () => {
    const { queue, redis, prefix } = await start();
    const waits = Array.from({ length: 200 }, (_, n) =>
      queue.enqueueAndWait(Brief, { n }, { waitFor: '20s' }),
    );
    expect(await Promise.all(waits)).toEqual(waits.map((_wait, n) => 2 * n));
    await expect(queue.enqueueAndWait(Brief, { n: -1 }, { waitFor: '5s' })).rejects.toMatchObject({
      code: 'JOB_FAILED',
      reason: 'discarded',
    });
    // For which it is kept for some seconds, and no longer.
    await eventually(async () => expect(await redis.keys(`${prefix}:brief~*`)).toEqual([]));
  });

  it('leaves nothing behind when nobody waits', async () => {
    const { queue, redis, prefix } = await start();
    await queue.enqueueMany(Brief, [{ n: 1 }, { n: -1 }]);
    await eventually(async () => expect(await redis.keys(`${prefix}:brief~*`)).toEqual([]));
    expect(await redis.exists(`${prefix}:completed`, `${prefix}:failed`)).toBe(0);
  });

  it('has finished, and not failed, for those who come too late', async () => {
    const { queue, jobs, redis, prefix } = await start();
    const job = await queue.enqueue(Brief, { n: 4 });
    await eventually(async () => expect(await jobs.get(job.id)).toBeUndefined());
    // As long as the event of its end is there, even its result is known, however many jobs have ended since.
    const others = await queue.enqueueMany(
      Brief,
      Array.from({ length: 100 }, (_, n) => ({ n })),
    );
    await jobs.waitFor(others.at(-1)!, { timeout: '10s' });
    expect(await jobs.waitFor(job, { timeout: '5s' })).toBe(8);
    expect(await jobs.waitFor(job.id, { timeout: '5s' })).toBe(8);
    await redis.del(`${prefix}:events`);
    await expect(jobs.waitFor(job, { timeout: '5s' })).rejects.toMatchObject({
      name: 'JobNotKeptError',
      code: 'JOB_NOT_KEPT',
      jobId: job.id,
    });
    // The id is remembered as well: of one that never was it says something else.
    for (const ref of [job.id, { id: job.id, name: 'brief' }])
      await expect(jobs.waitFor(ref, { timeout: '5s' })).rejects.toMatchObject({ code: 'JOB_NOT_KEPT' });
    for (const ref of ['never', { id: job.id, name: 'few' }])
      await expect(jobs.waitFor(ref, { timeout: '5s' })).rejects.toMatchObject({ reason: 'not-found' });
  });

  it('is no failure in a fan-out of more jobs than are kept that is awaited in a loop', async () => {
    const { queue, jobs } = await start();
    const fanOut = await queue.enqueueMany(
      Few,
      Array.from({ length: 600 }, (_, n) => ({ n })),
    );
    const outcomeOf = (job: EnqueuedJob) =>
      jobs.waitFor<number>(job, { timeout: '20s' }).catch(({ code }: { code: string }) => code);
    for (const [n, job] of fanOut.entries()) expect([2 * n, 'JOB_NOT_KEPT']).toContain(await outcomeOf(job));
  });
});
