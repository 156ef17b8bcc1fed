import { jobOf } from '../../../../test/conformance/engine/engine.js';
import { BULK_SLICE } from '../contract/defaults.js';
import type { AnyJobDefinition } from '../contract/job-definition.js';
import type { PreparedJob } from '../engine/prepared-job.js';
import { Tracing } from '../tracing/tracing.js';
import { BulkSender } from './bulk.sender.js';
import type { JobSender } from './job.sender.js';

/** How many jobs went out in each slice. */
async function slicesOf(jobs: Iterable<PreparedJob> | AsyncIterable<PreparedJob>): Promise<number[]> {
  const slices: number[] = [];
  const sendMany = (slice: readonly PreparedJob[]) => {
    slices.push(slice.length);
    return Promise.resolve(slice.map(({ id, name, queue }) => ({ id, name, queue, status: 'created' })));
  };
  const sender = new BulkSender({ sendMany } as unknown as JobSender, new Tracing());
  const enqueued = await sender.send({} as AnyJobDefinition, jobs);
  expect(enqueued).toHaveLength(slices.reduce((sum, one) => sum + one, 0));
  return slices;
}

describe('a bulk of jobs', () => {
  const jobs = Array.from({ length: 2 * BULK_SLICE + 3 }, () => jobOf());

  it.each([
    ['an array', () => jobs],
    ['an iterable', () => new Set(jobs)],
    ['a source that comes bit by bit', () => drip(jobs)],
  ])('goes out in slices of which only the last is smaller: %s', async (_what, source) => {
    expect(await slicesOf(source())).toEqual([BULK_SLICE, BULK_SLICE, 3]);
  });

  it('of nothing sends nothing', async () => {
    expect(await slicesOf([])).toEqual([]);
    expect(await slicesOf(drip([]))).toEqual([]);
  });
});

async function* drip(jobs: readonly PreparedJob[]): AsyncGenerator<PreparedJob> {
  for (const job of jobs) yield await Promise.resolve(job);
}
