import 'reflect-metadata';
import { Test } from '@nestjs/testing';
import { defineJob, EnqueueService, JobCancelledError, JobsService } from 'scalr-queue';
import { ScalrQueueTestingModule, TestQueue } from 'scalr-queue/testing';
import { handlerOf } from '../../../../test/conformance/driver.js';

describe('a job', () => {
  it('is seen as running, with its attempt, while it does', async () => {
    const Look = defineJob('look', { retry: { attempts: 2, delay: 5, jitter: 0 } });
    const seen: unknown[] = [];
    const handler = handlerOf(Look, async (_payload, { id }) => {
      const { state, attempt } = (await module.get(JobsService).get(id))!;
      seen.push([state, attempt]);
      if (seen.length === 1) throw new Error('once');
    });
    const imports = [ScalrQueueTestingModule.forRoot()];
    const module = await Test.createTestingModule({ imports, providers: [handler] }).compile();
    const job = await module.get(EnqueueService).enqueue(Look);
    await module.get(TestQueue).advance('1s');
    expect(seen).toEqual([
      ['running', 1],
      ['running', 2],
    ]);
    expect(await module.get(JobsService).get(job)).toMatchObject({ state: 'completed', attempt: 2 });
    for (const timeout of [undefined, 0, 'soon'])
      await expect(module.get(JobsService).waitFor(job, { timeout: timeout as never })).rejects.toThrow(
        'expected timeout to be',
      );
  });

  it('that was cancelled ends the wait with an error of its own', async () => {
    const imports = [ScalrQueueTestingModule.forRoot()];
    const module = await Test.createTestingModule({ imports }).compile();
    const job = await module.get(EnqueueService).enqueue(defineJob('never'), undefined, { delay: '1h' });
    const jobs = module.get(JobsService);
    expect(await jobs.cancel(job)).toBe('cancelled');
    await expect(jobs.waitFor(job, { timeout: '1s' })).rejects.toThrow(JobCancelledError);
  });
});
