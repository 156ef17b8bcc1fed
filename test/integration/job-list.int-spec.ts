import { Injectable } from '@nestjs/common';
import {
  defineJob,
  InvalidOptionError,
  type JobInfo,
  JobsService,
  ProcessJob,
  QueuesService,
} from 'scalr-queue';
import { startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';

const One = defineJob<{ n: number }>('one', { queue: 'first' });
const Two = defineJob<{ n: number }>('two', { queue: 'second', expiresIn: '1h' });
const Fails = defineJob('fails', { queue: 'failing', retry: { attempts: 2, delay: '1h' } });

const idsOf = (jobs: readonly JobInfo[]) => jobs.map(({ id }) => id);

async function all(jobs: JobsService, options: Parameters<JobsService['list']>[0]): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await jobs.list({ ...options, ...(cursor === undefined ? {} : { cursor }) });
    ids.push(...idsOf(page.jobs));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return ids;
}

describe('JobsService.list', () => {
  it('goes through the jobs of all queues page by page, the newest first', async () => {
    const { queue, jobs } = await startProducer({ app: uniqueApp() });
    const newest: string[] = [];
    for (let n = 0; n < 7; n++) {
      newest.unshift((await queue.enqueue(n % 2 ? One : Two, { n }, { id: `j${n}` })).id);
      // Two jobs of one millisecond have no order over two queues.
      await eventually(() => Date.now() % 2 === 0);
    }
    for (let n = 7; n < 130; n++) newest.unshift((await queue.enqueue(One, { n }, { id: `j${n}` })).id);
    await queue.enqueue(Two, { n: 0 }, { id: 'late', delay: '2h' });
    await queue.enqueue(One, { n: 0 }, { id: 'soon', delay: '1h' });

    expect((await all(jobs, { state: 'waiting', limit: 9 })).toSorted()).toEqual(newest.toSorted());
    expect(idsOf((await jobs.list({ state: 'waiting', limit: 5 })).jobs)).toEqual(newest.slice(0, 5));
    expect(await all(jobs, { queue: 'second', state: 'waiting', limit: 1 })).toEqual([
      'j6',
      'j4',
      'j2',
      'j0',
    ]);
    expect(await all(jobs, { name: 'two', limit: 2 })).toEqual(['j6', 'j4', 'j2', 'j0', 'late']);
    expect(await all(jobs, { state: 'delayed' })).toEqual(['soon', 'late']);
    expect(await all(jobs, { limit: 50 })).toHaveLength(132);
    for (const wrong of [
      { limit: 0 },
      { state: 'asleep' },
      { queue: 'frist' },
      { cursor: 'x' },
      { sate: 'dead' },
    ])
      await expect(jobs.list(wrong as never)).rejects.toThrow(InvalidOptionError);
  });
});

describe('JobsService.explain', () => {
  it('tells what holds a job up', async () => {
    const { queue, jobs, get } = await startProducer({ app: uniqueApp() });
    const codes = async (id: string) => (await jobs.explain(id))?.reasons.map(({ code }) => code);
    await queue.enqueue(Two, { n: 0 }, { id: 'urgent', priority: 1 });
    await queue.enqueue(Two, { n: 1 }, { id: 'first' });
    await queue.enqueue(Two, { n: 2 }, { id: 'second' });
    await queue.enqueue(Two, { n: 3 }, { id: 'later', delay: '1h' });

    expect(await codes('second')).toEqual(['no-live-worker', 'position', 'expires']);
    const places = await Promise.all(['first', 'second', 'urgent'].map((id) => jobs.explain(id)));
    expect(places.map((one) => one?.reasons.find(({ code }) => code === 'position')?.position)).toEqual([
      1, 2, 3,
    ]);
    await get(QueuesService).pause('second');
    expect((await codes('second'))?.[0]).toBe('queue-paused');
    expect((await codes('later'))?.[0]).toBe('delayed');
    await jobs.cancel('second');
    const dead = (await jobs.explain('second'))?.reasons[0];
    expect(dead).toMatchObject({
      code: 'dead',
      message: expect.stringContaining('cancelled'),
      advice: expect.any(String),
    });
    expect(await jobs.explain('nobody')).toBeUndefined();
  });

  it('knows retries, limits and missing handlers', async () => {
    @Injectable()
    class Handlers {
      @ProcessJob(Fails)
      fail() {
        throw new Error('no luck');
      }

      @ProcessJob(One)
      one(_payload: { n: number }) {}
    }
    const app = uniqueApp();
    const queues = { first: { rateLimit: { max: 1, per: '1h' as const } } };
    await startWorker({ app, queues, providers: [Handlers] });
    const { queue, jobs } = await startProducer({ app });
    await queue.enqueue(Fails, undefined, { id: 'f' });
    await queue.enqueueMany(One, [{ n: 1 }, { n: 2 }]);
    const last = await queue.enqueue(One, { n: 3 });
    const Newer = defineJob('newer', { queue: 'failing' });
    await queue.enqueue(Newer, undefined, { id: 'n' });
    await eventually(async () => {
      expect((await jobs.explain('f'))?.reasons[0]).toMatchObject({
        code: 'retrying',
        until: expect.any(Date),
      });
      expect((await jobs.explain(last.id))?.reasons.map(({ code }) => code)).toContain('rate-limited');
      expect((await jobs.explain('n'))?.reasons.map(({ code }) => code)).toContain('no-handler');
    });
    expect(await jobs.details('f')).toMatchObject({ attempt: 1, failures: [{ attempt: 1 }], logs: [] });
  });
});
