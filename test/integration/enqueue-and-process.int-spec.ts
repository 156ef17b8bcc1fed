import { Inject, Injectable, Scope } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { defineJob, Discard, JobContext, type PayloadOf, ProcessJob, Snooze } from 'scalr-queue';
import * as v from 'valibot';
import { z } from 'zod';
import { startBoth } from '../support/apps.js';
import { eventually } from '../support/eventually.js';

const Greet = defineJob('greet', {
  payload: z.object({ name: z.string(), times: z.coerce.number() }),
  result: z.object({ text: z.string() }),
  queue: 'talk',
});
const Measure = defineJob('measure', { payload: v.object({ value: v.number() }) });
const Plain = defineJob<{ value: number }, number>('plain');
const Nothing = defineJob('nothing');

@Injectable()
class TalkProcessor {
  static seen: unknown[] = [];

  @ProcessJob(Greet)
  async greet(payload: PayloadOf<typeof Greet>, ctx: JobContext) {
    await ctx.progress({ step: 1 });
    await ctx.log('greeting');
    return { text: `${payload.name} x${payload.times + 1} #${ctx.attempt}/${ctx.maxAttempts}` };
  }

  @ProcessJob(Measure)
  measure({ value }: PayloadOf<typeof Measure>) {
    return { doubled: 2 * value };
  }

  @ProcessJob(Plain)
  plain({ value }: PayloadOf<typeof Plain>) {
    return value * 3;
  }

  @ProcessJob(Nothing)
  nothing(payload: unknown, ctx: JobContext) {
    TalkProcessor.seen.push([payload, ctx.queue]);
  }
}

describe('a job from enqueue to result', () => {
  it('is validated, run with the output of its schema, and leaves its result', async () => {
    const { queue, jobs } = await startBoth({ providers: [TalkProcessor] });
    const job = await queue.enqueue(Greet, { name: 'Ada', times: '2' });
    expect(job).toMatchObject({ name: 'greet', queue: 'talk', status: 'created' });
    expect(await jobs.waitFor(job, { timeout: '10s' })).toEqual({ text: 'Ada x3 #1/5' });
    const info = await jobs.get(job.id);
    expect(info).toMatchObject({
      id: job.id,
      state: 'completed',
      attempt: 1,
      maxAttempts: 5,
      progress: { step: 1 },
    });
    expect(info?.result).toEqual({ text: 'Ada x3 #1/5' });
    expect(info?.finishedAt).toBeInstanceOf(Date);
  });

  it('works with valibot, without a schema and without a payload', async () => {
    const { queue, jobs } = await startBoth({ providers: [TalkProcessor] });
    const measure = await queue.enqueue(Measure, { value: 21 });
    const plain = await queue.enqueue(Plain, { value: 5 });
    const nothing = await queue.enqueue(Nothing);
    expect(await jobs.waitFor(measure, { timeout: '10s' })).toEqual({ doubled: 42 });
    expect(await jobs.waitFor(plain, { timeout: '10s' })).toBe(15);
    expect(await jobs.waitFor(nothing, { timeout: '10s' })).toBeUndefined();
    expect(TalkProcessor.seen).toContainEqual([undefined, 'default']);
  });
});

describe('a request-scoped provider', () => {
  it('is made anew for each attempt and can inject the context', async () => {
    const Whoami = defineJob<void, { id: string; serial: number }>('whoami');
    let serial = 0;

    @Injectable({ scope: Scope.REQUEST })
    class ScopedProcessor {
      private readonly serial = ++serial;

      constructor(@Inject(REQUEST) private readonly request: JobContext) {}

      @ProcessJob(Whoami)
      run(_payload: void, ctx: JobContext) {
        return { id: this.request.id === ctx.id ? 'same' : 'other', serial: this.serial };
      }
    }
    const { queue, jobs } = await startBoth({ providers: [ScopedProcessor] });
    const first = await jobs.waitFor(await queue.enqueue(Whoami), { timeout: '10s' });
    const second = await jobs.waitFor(await queue.enqueue(Whoami), { timeout: '10s' });
    expect([first, second]).toEqual([
      { id: 'same', serial: 1 },
      { id: 'same', serial: 2 },
    ]);
  });
});

describe('a handler that throws', () => {
  it('is retried with backoff until it succeeds, and shows its last error meanwhile', async () => {
    const Flaky = defineJob<void, number>('flaky', { retry: { attempts: 4, delay: 50, jitter: 0 } });

    @Injectable()
    class FlakyProcessor {
      @ProcessJob(Flaky)
      run(_payload: void, ctx: JobContext) {
        if (ctx.attempt < 3) throw Object.assign(new TypeError('not yet'), { code: 'E_SOON' });
        return ctx.attempt;
      }
    }
    const { queue, jobs } = await startBoth({ providers: [FlakyProcessor] });
    const job = await queue.enqueue(Flaky);
    expect(await jobs.waitFor(job, { timeout: '10s' })).toBe(3);
  });

  it('is dead when its attempts are used, with reason and error', async () => {
    const Doomed = defineJob('doomed', { retry: { attempts: 2, delay: 10 } });

    @Injectable()
    class DoomedProcessor {
      @ProcessJob(Doomed)
      run() {
        throw Object.assign(new RangeError('no such thing'), { code: 'E_NEVER' });
      }
    }
    const { queue, jobs } = await startBoth({ providers: [DoomedProcessor] });
    const job = await queue.enqueue(Doomed);
    await expect(jobs.waitFor(job, { timeout: '10s' })).rejects.toMatchObject({
      code: 'JOB_FAILED',
      reason: 'attempts',
    });
    expect(await jobs.get(job.id)).toMatchObject({
      state: 'dead',
      reason: 'attempts',
      attempt: 2,
      error: { name: 'RangeError', message: 'no such thing', code: 'E_NEVER' },
    });
  });

  it('ends at once with Discard and costs no attempt with Snooze', async () => {
    const Picky = defineJob('picky', { retry: { attempts: 3, delay: 10 } });
    const attempts: number[] = [];

    @Injectable()
    class PickyProcessor {
      @ProcessJob(Picky)
      run(_payload: void, ctx: JobContext) {
        attempts.push(ctx.attempt);
        if (attempts.length === 1) throw new Snooze(20);
        throw new Discard('it can never work');
      }
    }
    const { queue, jobs } = await startBoth({ providers: [PickyProcessor] });
    const job = await queue.enqueue(Picky);
    await eventually(async () => expect((await jobs.get(job.id))?.state).toBe('dead'));
    expect(attempts).toEqual([1, 1]);
    expect(await jobs.get(job.id)).toMatchObject({
      reason: 'discarded',
      error: { message: 'it can never work' },
    });
  });
});
