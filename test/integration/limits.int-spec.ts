import { Injectable } from '@nestjs/common';
import { defineJob, JobContext, ProcessJob } from 'scalr-queue';
import { startBoth, startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';

const Step = defineJob<{ label: string }>('step', { queue: 'steps' });

function recorder(hold = 0) {
  const started: { label: string; at: number }[] = [];
  let running = 0;
  let most = 0;

  @Injectable()
  class StepProcessor {
    @ProcessJob(Step)
    async run({ label }: { label: string }, _ctx: JobContext) {
      started.push({ label, at: Date.now() });
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, hold));
      running--;
    }
  }
  return { started, most: () => most, providers: [StepProcessor] };
}

describe('when a job starts', () => {
  it('is not before its delay or runAt, and a moment in the past means at once', async () => {
    const { started, providers } = recorder();
    const { queue, jobs } = await startBoth({ providers });
    const now = Date.now();
    const delayed = await queue.enqueue(Step, { label: 'delay' }, { delay: 300 });
    await queue.enqueue(Step, { label: 'runAt' }, { runAt: new Date(now + 600) });
    await queue.enqueue(Step, { label: 'past' }, { runAt: new Date(now - 10_000) });
    const info = await jobs.get(delayed.id);
    expect(info?.state).toBe('delayed');
    expect(Math.abs((info?.runAt?.getTime() ?? 0) - (now + 300))).toBeLessThan(1_000);
    await eventually(() => expect(started.map(({ label }) => label)).toEqual(['past', 'delay', 'runAt']));
    expect(started[1]!.at - now).toBeGreaterThanOrEqual(290);
    expect(started[2]!.at - now).toBeGreaterThanOrEqual(590);
  });

  it('follows its priority: 0 first, then the smaller number', async () => {
    const app = uniqueApp();
    const { queue } = await startProducer({ app });
    for (const priority of [9, 1, 5, 0]) await queue.enqueue(Step, { label: `p${priority}` }, { priority });
    const { started, providers } = recorder();
    await startWorker({ app, providers }, { concurrency: 1 });
    await eventually(() => expect(started.map(({ label }) => label)).toEqual(['p0', 'p1', 'p5', 'p9']));
  });
});

describe('how many jobs run', () => {
  it('is bounded per process by concurrency', async () => {
    const { started, most, providers } = recorder(30);
    const { queue } = await startBoth({ providers, queues: { steps: { concurrency: 2 } } });
    await queue.enqueueMany(
      Step,
      Array.from({ length: 12 }, (_, n) => ({ label: String(n) })),
    );
    await eventually(() => expect(started).toHaveLength(12));
    expect(most()).toBe(2);
  });

  it('is bounded over all processes by globalConcurrency', async () => {
    const { started, most, providers } = recorder(30);
    const options = { providers, queues: { steps: { concurrency: 5, globalConcurrency: 3 } } };
    const { app, queue } = await startBoth(options);
    await startWorker({ ...options, app });
    await queue.enqueueMany(
      Step,
      Array.from({ length: 18 }, (_, n) => ({ label: String(n) })),
    );
    await eventually(() => expect(started).toHaveLength(18));
    expect(most()).toBeLessThanOrEqual(3);
    expect(most()).toBeGreaterThan(1);
  });

  it('is bounded per span of time over all processes by rateLimit', async () => {
    const { started, providers } = recorder();
    const options = { providers, queues: { steps: { rateLimit: { max: 5, per: 400 } } } };
    const { app, queue } = await startBoth(options);
    await startWorker({ ...options, app });
    await queue.enqueueMany(
      Step,
      Array.from({ length: 15 }, (_, n) => ({ label: String(n) })),
    );
    await eventually(() => expect(started).toHaveLength(15), { timeout: 10_000 });
    const times = started.map(({ at }) => at);
    // 15 jobs in windows of 5: the last can start in the third window at the earliest.
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThanOrEqual(700);
  });
});
