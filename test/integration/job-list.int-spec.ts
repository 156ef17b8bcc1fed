import { DeadLetterService, defineJob, InvalidOptionError, type JobInfo, JobsService } from 'scalr-queue';
import { startProducer, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';

const One = defineJob<{ n: number }>('one', { queue: 'first' });
const Two = defineJob<{ n: number }>('two', { queue: 'second', expiresIn: '1h' });

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
    // As the list of dead jobs is asked.
    const first = await jobs.list({ state: 'delayed' }, { limit: 1 });
    const next = await jobs.list({ state: 'delayed' }, { limit: 1, cursor: first.cursor });
    expect([first, next].map((page) => page.jobs.map(({ id }) => id))).toEqual([['soon'], ['late']]);
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

it('refuses what list and count do not take, for a cursor in the wrong place would give the first page for ever', async () => {
  const { jobs, get } = await startProducer({ app: uniqueApp() });
  type Loose = (...any: unknown[]) => Promise<unknown>;
  const letters = get(DeadLetterService);
  const list = jobs.list.bind(jobs) as Loose;
  const dead = letters.list.bind(letters) as Loose;
  const count = letters.count.bind(letters) as Loose;
  await expect(list({}, { cursor: 'x' })).rejects.toThrow('expected cursor to be one that');
  await expect(list({ limit: 1 }, { limit: 2 })).rejects.toThrow('limit is given twice');
  await expect(list({}, { state: 'dead' })).rejects.toThrow('unknown option "state"');
  await expect(list({}, {}, { limit: 1 })).rejects.toThrow('list takes two arguments');
  await expect(list({ limit: 1 }, undefined)).resolves.toEqual({ jobs: [] });
  await expect(dead({}, {}, { limit: 1 })).rejects.toThrow('list takes two arguments');
  await expect(dead({ limit: 1 })).rejects.toThrow('unknown option "limit"');
  await expect(count({}, { limit: 1 })).rejects.toThrow('count takes one argument');
});
