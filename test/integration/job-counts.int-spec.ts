import { Injectable } from '@nestjs/common';
import { defineJob, type JobContext, JobEvents, ProcessJob, Snooze } from 'scalr-queue';
import { startBoth, startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { pretendCores } from '../support/cores.js';
import { eventually } from '../support/eventually.js';

const Poll = defineJob('poll');
const Other = defineJob('other');
const thread = new URL('./threads/act.mjs', import.meta.url);
const Act = defineJob<{ act: string; ms?: number }>('act', { retry: false });

/** A version of the app that does not know `poll` yet, or any more, with when it put a job aside. */
function stranger() {
  const aside: number[] = [];

  @Injectable()
  class Stranger {
    constructor(events: JobEvents) {
      events.on('postponed', () => void aside.push(Date.now()));
    }

    @ProcessJob(Other)
    other() {}
  }
  return { aside, providers: [Stranger] };
}

@Injectable()
class Acts {
  @ProcessJob(Act, { thread, resourceLimits: { maxOldGenerationSizeMb: 32 } })
  act() {}
}

/** A worker that polls: its job snoozes as often as asked. */
function poller(snoozes: number) {
  const runs: number[] = [];

  @Injectable()
  class Poller {
    @ProcessJob(Poll)
    poll(_payload: void, { attempt }: JobContext) {
      runs.push(attempt);
      if (runs.length <= snoozes) throw new Snooze(runs.length === snoozes ? 400 : 1);
    }
  }
  return { runs, providers: [Poller] };
}

describe('a job that its worker does not know', () => {
  const worker = { unknownJobTimeout: 600 };

  it('is put aside for as long as a fresh one, however often it has snoozed', async () => {
    const app = uniqueApp();
    const { queue, jobs } = await startProducer({ app });
    const { runs, providers } = poller(12);
    const old = await startWorker({ app, providers, worker });
    const job = await queue.enqueue(Poll);
    await eventually(() => expect(runs).toHaveLength(12), { timeout: 15_000 });
    await old.close();
    const other = stranger();
    const begin = Date.now();
    await startWorker({ app, providers: other.providers, worker });
    await eventually(async () =>
      expect(await jobs.get(job.id)).toMatchObject({ state: 'dead', reason: 'unknown-job' }),
    );
    // Told of once, however often it was offered again.
    expect(other.aside).toHaveLength(1);
    const { finishedAt } = (await jobs.get(job.id))!;
    expect(+finishedAt! - begin).toBeGreaterThanOrEqual(600);
  });

  it('is put aside anew after a run, and expires unless a handler has run it', async () => {
    const app = uniqueApp();
    const { queue, jobs } = await startProducer({ app });
    const other = stranger();
    const first = await startWorker({
      app,
      providers: other.providers,
      worker: { unknownJobTimeout: 3_000 },
    });
    const late = await queue.enqueue(Poll, undefined, { expiresIn: 250 });
    const lasting = await queue.enqueue(Poll, undefined, { expiresIn: '1h' });
    await eventually(() => expect(other.aside).toHaveLength(2));
    await first.close();
    const expiresAt = Date.now() + 300;
    await eventually(() => expect(Date.now()).toBeGreaterThan(expiresAt));
    const { runs, providers } = poller(0);
    await startWorker({ app, providers });
    await eventually(async () =>
      expect(await jobs.get(late.id)).toMatchObject({ state: 'dead', reason: 'expired', attempt: 0 }),
    );
    await jobs.waitFor(lasting, { timeout: '10s' });
    expect(runs).toEqual([1]);
  });
});

describe('a job that waits for a thread', () => {
  const THREADS = 2;
  pretendCores(THREADS);

  it('expires there, and is put back unstarted by a shutdown', async () => {
    const app = uniqueApp();
    const { queue, jobs } = await startProducer({ app });
    const first = await startWorker({ app, providers: [Acts] }, { shutdownTimeout: 50 });
    const busy = Array.from({ length: THREADS }, () => ({ act: 'compute', ms: 1_500 }));
    await queue.enqueueMany(Act, busy);
    const late = await queue.enqueue(Act, { act: 'compute', ms: 1 }, { expiresIn: 300 });
    await eventually(async () => expect((await jobs.get(late.id))?.state).toBe('running'));
    await eventually(async () =>
      expect(await jobs.get(late.id)).toMatchObject({ state: 'dead', reason: 'expired', attempt: 0 }),
    );
    await queue.enqueueMany(Act, busy);
    const back = await queue.enqueue(Act, { act: 'compute', ms: 1 }, { expiresIn: 300 });
    await eventually(async () => expect((await jobs.get(back.id))?.state).toBe('running'));
    await first.close();
    expect((await jobs.get(back.id))?.state).toBe('waiting');
    const expiresAt = Date.now() + 300;
    await eventually(() => expect(Date.now()).toBeGreaterThan(expiresAt));
    await startWorker({ app, providers: [Acts] });
    await eventually(async () =>
      expect(await jobs.get(back.id)).toMatchObject({ state: 'dead', reason: 'expired', attempt: 0 }),
    );
  });
});

describe('a thread', () => {
  it('that needs more memory than its limits dies alone', async () => {
    const { queue, jobs } = await startBoth({ providers: [Acts] });
    const job = await queue.enqueue(Act, { act: 'hog' });
    await eventually(
      async () =>
        expect(await jobs.get(job.id)).toMatchObject({ state: 'dead', error: { code: 'JOB_THREAD' } }),
      { timeout: 20_000 },
    );
    expect(() => ProcessJob(Act, { thread, resourceLimits: { maxOldGenerationSizeMb: 0 } })).toThrow(
      'resourceLimits.maxOldGenerationSizeMb',
    );
  });

  it('that tells 100,000 times and waits for nothing is heard, within bounds', async () => {
    const { queue, jobs } = await startBoth({ providers: [Acts] });
    const before = process.memoryUsage().rss;
    const job = await queue.enqueue(Act, { act: 'chatter' });
    await jobs.waitFor(job, { timeout: '20s' });
    expect((await jobs.get(job.id))?.progress).toBe(100_000);
    expect((await jobs.details(job.id))?.logs.at(-1)).toBe('line 100000');
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1_024 * 1_024);
  });
});

describe('a handler', () => {
  it('that tells 100,000 times and waits for nothing stays within bounds, and holds nobody up', async () => {
    const Chatter = defineJob('chatter');

    @Injectable()
    class Chatters {
      @ProcessJob(Chatter)
      chatter(_payload: void, ctx: JobContext) {
        for (let line = 1; line <= 100_000; line++) {
          void ctx.progress({ line });
          void ctx.log(`line ${line}`);
        }
      }

      @ProcessJob(Other)
      other() {}
    }
    const { queue, jobs } = await startBoth({ providers: [Chatters] });
    const before = process.memoryUsage().rss;
    const loud = await queue.enqueue(Chatter);
    const begin = Date.now();
    await jobs.waitFor(await queue.enqueue(Other), { timeout: '10s' });
    expect(Date.now() - begin).toBeLessThan(3_000);
    await jobs.waitFor(loud, { timeout: '10s' });
    expect((await jobs.get(loud.id))?.progress).toEqual({ line: 100_000 });
    expect((await jobs.details(loud.id))?.logs.at(-1)).toBe('line 100000');
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1_024 * 1_024);
  });
});
