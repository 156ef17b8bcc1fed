import { Injectable } from '@nestjs/common';
import { defineJob, JobContext, JobFailedError, ProcessJob, RetryLater } from 'scalr-queue';
import { handlerOf } from '../conformance/driver.js';
import { startBoth, startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';

describe('a timeout', () => {
  it('aborts the signal, fails the attempt and frees the slot, even if the handler goes on', async () => {
    const Deaf = defineJob('deaf', { timeout: 100, retry: { attempts: 2, delay: 10 } });
    const Next = defineJob<void, string>('next');
    const reasons: unknown[] = [];

    @Injectable()
    class DeafProcessor {
      @ProcessJob(Deaf)
      async run(_payload: void, ctx: JobContext) {
        ctx.signal.addEventListener('abort', () =>
          reasons.push((ctx.signal.reason as { code?: string }).code),
        );
        await new Promise(() => undefined);
      }

      @ProcessJob(Next)
      next() {
        return 'ran';
      }
    }
    const { queue, jobs } = await startBoth({ providers: [DeafProcessor], worker: { concurrency: 1 } });
    const deaf = await queue.enqueue(Deaf);
    const next = await queue.enqueue(Next);
    await eventually(async () => expect((await jobs.get(deaf.id))?.state).toBe('dead'));
    expect(await jobs.get(deaf.id)).toMatchObject({
      reason: 'attempts',
      attempt: 2,
      error: { name: 'JobTimeoutError', code: 'JOB_TIMEOUT' },
    });
    expect(reasons).toEqual(['JOB_TIMEOUT', 'JOB_TIMEOUT']);
    expect(await jobs.waitFor(next, { timeout: '5s' })).toBe('ran');
  });

  it('of the enqueue call wins over the definition', async () => {
    const Slow = defineJob('slow', { timeout: '1h', retry: false });

    @Injectable()
    class SlowProcessor {
      @ProcessJob(Slow)
      run(_payload: void, ctx: JobContext) {
        return new Promise((resolve) => ctx.signal.addEventListener('abort', resolve));
      }
    }
    const { queue, jobs } = await startBoth({ providers: [SlowProcessor] });
    const job = await queue.enqueue(Slow, undefined, { timeout: 50 });
    await expect(jobs.waitFor(job, { timeout: '5s' })).rejects.toThrow(JobFailedError);
  });
});

describe('expiry', () => {
  it('makes a job that did not start in time dead without running it', async () => {
    const Stale = defineJob('stale', { expiresIn: 50 });
    const Fresh = defineJob<void, string>('fresh');
    let ran = false;

    @Injectable()
    class StaleProcessor {
      @ProcessJob(Stale)
      stale() {
        ran = true;
      }

      @ProcessJob(Fresh)
      fresh() {
        return 'ran';
      }
    }
    const app = uniqueApp();
    const { queue, jobs } = await startProducer({ app });
    const stale = await queue.enqueue(Stale);
    const later = await queue.enqueue(Fresh, undefined, { expiresIn: '1h' });
    const enqueuedAt = Date.now();
    await eventually(() => expect(Date.now() - enqueuedAt).toBeGreaterThan(60));
    await startWorker({ app, providers: [StaleProcessor] });
    expect(await jobs.waitFor(later, { timeout: '5s' })).toBe('ran');
    await eventually(async () =>
      expect(await jobs.get(stale.id)).toMatchObject({ state: 'dead', reason: 'expired', attempt: 0 }),
    );
    expect(ran).toBe(false);
  });
});

describe('a schema that cannot tell', () => {
  it('uses an attempt, and is no run: the job expires in its time', async () => {
    let asked = 0;
    let expiresAt = Infinity;
    let ran = false;
    const validate = async () => {
      asked++;
      await eventually(() => Date.now() > expiresAt);
      throw new Error('the database is away');
    };
    const payload = { '~standard': { version: 1 as const, vendor: 'test', validate } };
    const Checked = defineJob('checked', { payload, retry: { attempts: 3, delay: 1 } });
    // Of a version that asks nobody.
    const Unchecked = defineJob<{ id: string }>('checked');
    const { queue, jobs } = await startBoth({ providers: [handlerOf(Checked, () => void (ran = true))] });
    expiresAt = Date.now() + 1_500;
    const job = await queue.enqueue(Unchecked, { id: 'a' }, { expiresIn: 1_400 });
    await eventually(async () => expect((await jobs.get(job.id))?.state).toBe('dead'));
    expect(await jobs.get(job.id)).toMatchObject({ reason: 'expired', attempt: 1 });
    expect(asked).toBe(1);
    expect(ran).toBe(false);
  });
});

describe('RetryLater', () => {
  it('uses an attempt and waits as long as it says, whatever the backoff', async () => {
    const Limited = defineJob<void, number>('limited', { retry: { attempts: 3, delay: '1h' } });

    @Injectable()
    class LimitedProcessor {
      @ProcessJob(Limited)
      run(_payload: void, ctx: JobContext) {
        if (ctx.attempt < 3) throw new RetryLater(30, { cause: new Error('429') });
        return ctx.attempt;
      }
    }
    const { queue, jobs } = await startBoth({ providers: [LimitedProcessor] });
    expect(await jobs.waitFor(await queue.enqueue(Limited), { timeout: '10s' })).toBe(3);
  });

  it('and a retry function decide; false gives up at once', async () => {
    const seen: [number, string][] = [];
    const Decided = defineJob<{ giveUpAt: number }>('decided', {
      retry: (attempt, error) => {
        seen.push([attempt, error.message]);
        return attempt < 2 ? 5 : false;
      },
    });

    @Injectable()
    class DecidedProcessor {
      @ProcessJob(Decided)
      run(_payload: unknown, ctx: JobContext) {
        throw new Error(`failure ${ctx.attempt}`);
      }
    }
    const { queue, jobs } = await startBoth({ providers: [DecidedProcessor] });
    const job = await queue.enqueue(Decided, { giveUpAt: 2 });
    await eventually(async () => expect((await jobs.get(job.id))?.state).toBe('dead'));
    expect(seen).toEqual([
      [1, 'failure 1'],
      [2, 'failure 2'],
    ]);
  });
});

describe('jobs that a worker cannot run', () => {
  it('are put aside for a worker that can, and never completed', async () => {
    const New = defineJob<void, string>('new-in-v2', { queue: 'shared' });
    const Old = defineJob<void, string>('old-in-v1', { queue: 'shared' });

    @Injectable()
    class OldProcessor {
      @ProcessJob(Old)
      run() {
        return 'v1';
      }
    }

    @Injectable()
    class NewProcessor {
      @ProcessJob(New)
      run(_payload: void, ctx: JobContext) {
        return `v2 attempt ${ctx.attempt}`;
      }
    }
    const { app, queue, jobs } = await startBoth({
      providers: [OldProcessor],
      worker: { unknownJobTimeout: '3s' },
    });
    const job = await queue.enqueue(New);
    await eventually(async () => expect((await jobs.get(job.id))?.state).toBe('delayed'));
    await startWorker({ app, providers: [NewProcessor] });
    expect(await jobs.waitFor(job, { timeout: '30s' })).toBe('v2 attempt 1');
  });

  it('are dead as unknown-job when no such worker comes', async () => {
    const Nobody = defineJob('nobodys', { queue: 'shared' });
    const Old = defineJob('old-in-v1', { queue: 'shared' });

    @Injectable()
    class OldProcessor {
      @ProcessJob(Old)
      run() {}
    }
    const { queue, jobs } = await startBoth({
      providers: [OldProcessor],
      worker: { unknownJobTimeout: 300 },
    });
    const job = await queue.enqueue(Nobody);
    await eventually(async () =>
      expect(await jobs.get(job.id)).toMatchObject({ state: 'dead', reason: 'unknown-job', attempt: 0 }),
    );
  });

  it('are dead as invalid-payload, without using attempts, when the schema of the worker refuses them', async () => {
    const { z } = await import('zod');
    const AsEnqueued = defineJob('shape', { payload: z.object({ count: z.number() }) });
    const AsHandled = defineJob('shape', { payload: z.object({ count: z.number().max(10) }) });
    let ran = false;

    @Injectable()
    class ShapeProcessor {
      @ProcessJob(AsHandled)
      run() {
        ran = true;
      }
    }
    const { queue, jobs } = await startBoth({ providers: [ShapeProcessor] });
    const job = await queue.enqueue(AsEnqueued, { count: 4_111_111 });
    await eventually(async () =>
      expect(await jobs.get(job.id)).toMatchObject({ state: 'dead', reason: 'invalid-payload', attempt: 0 }),
    );
    expect(JSON.stringify(await jobs.get(job.id))).not.toContain('4111111');
    expect(ran).toBe(false);
  });
});
