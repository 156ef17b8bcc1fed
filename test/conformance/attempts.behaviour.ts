import {
  defineJob,
  Discard,
  type JobContext,
  JobEvents,
  JobFailedError,
  JobTimeoutError,
  RetryLater,
  Snooze,
  WaitTimeoutError,
} from 'scalr-queue';
import { z } from 'zod';
import { appOf, handlerOf, type StartDriver, untilAborted } from './driver.js';

type Act = (context: JobContext) => unknown;

const Work = defineJob<string>('work', { retry: { attempts: 3, delay: 20, factor: 3, jitter: 0 } });

/** How attempts end, and what follows. */
export function attemptBehaviours(start: StartDriver) {
  /** An app whose handler does this, and what its attempts were. */
  const appThat = async (act: Act, definition = Work) => {
    const attempts: number[] = [];
    const told: string[] = [];
    // oxlint-disable-next-line typescript/no-extraneous-class
    class Listener {
      constructor(events: JobEvents) {
        for (const name of ['started', 'completed', 'retrying', 'postponed', 'dead', 'cancelled'] as const)
          events.on(name, () => void told.push(name));
      }
    }
    Reflect.defineMetadata('design:paramtypes', [JobEvents], Listener);
    Reflect.defineMetadata('__injectable__', true, Listener);
    const handler = handlerOf(definition, (_payload, context) => {
      attempts.push(context.attempt);
      return act(context);
    });
    return { ...(await appOf(start, { providers: [handler, Listener] })), attempts, told };
  };
  const fail = () => {
    throw Object.assign(new TypeError('it broke'), { code: 'E_BROKE' });
  };

  describe('an attempt', () => {
    it('that returns completes the job with its result', async () => {
      const {
        queue,
        in: inState,
        told,
        until,
      } = await appThat(({ id, name, maxAttempts }) => ({ id, name, maxAttempts }));
      const job = await queue.enqueue(Work, 'x', { id: 'one' });
      expect((await inState('completed', job)).result).toEqual({ id: 'one', name: 'work', maxAttempts: 3 });
      await until(() => expect(told).toEqual(['started', 'completed']));
    });

    it('that fails is tried again after a growing delay, and the last one leaves the job dead', async () => {
      const { queue, in: inState, attempts, told, until } = await appThat(fail);
      const info = await inState('dead', await queue.enqueue(Work, 'x'));
      expect(attempts).toEqual([1, 2, 3]);
      expect(info).toMatchObject({
        reason: 'attempts',
        attempt: 3,
        error: { name: 'TypeError', message: 'it broke', code: 'E_BROKE' },
      });
      expect(info.finishedAt!.getTime() - info.enqueuedAt.getTime()).toBeGreaterThanOrEqual(20 + 60);
      await until(() =>
        expect(told).toEqual(['started', 'retrying', 'started', 'retrying', 'started', 'dead']),
      );
    });

    it('that fails tells of it while the job waits for the next one', async () => {
      const { queue, in: inState } = await appThat(fail);
      const job = await queue.enqueue(Work, 'x', { retry: { delay: '1h' } });
      const info = await inState('delayed', job);
      expect(info).toMatchObject({ attempt: 1, error: { name: 'TypeError' } });
      expect(info.runAt!.getTime() - info.startedAt!.getTime()).toBeGreaterThanOrEqual(3_600_000);
    });

    it('is the only one with retry: false', async () => {
      const { queue, in: inState, attempts } = await appThat(fail);
      await inState('dead', await queue.enqueue(Work, 'x', { retry: false }));
      expect(attempts).toEqual([1]);
    });

    it('is followed by what a retry function says', async () => {
      const Picky = defineJob<string>('picky', { retry: (attempt) => (attempt < 2 ? 10 : false) });
      const { queue, in: inState, attempts } = await appThat(fail, Picky);
      expect(await inState('dead', await queue.enqueue(Picky, 'x'))).toMatchObject({
        reason: 'attempts',
        attempt: 2,
      });
      expect(attempts).toEqual([1, 2]);
    });

    it('can choose its own delay, and then uses an attempt', async () => {
      const {
        queue,
        in: inState,
        attempts,
      } = await appThat(({ attempt }) => {
        if (attempt === 1) throw new RetryLater(15);
      });
      expect(await inState('completed', await queue.enqueue(Work, 'x'))).toMatchObject({ attempt: 2 });
      expect(attempts).toEqual([1, 2]);
    });

    it('can snooze, and then uses none', async () => {
      let calls = 0;
      const {
        queue,
        in: inState,
        attempts,
        told,
        until,
      } = await appThat(() => {
        if (++calls === 1) throw new Snooze(15);
      });
      expect(await inState('completed', await queue.enqueue(Work, 'x'))).toMatchObject({ attempt: 1 });
      expect(attempts).toEqual([1, 1]);
      await until(() => expect(told).toEqual(['started', 'postponed', 'started', 'completed']));
    });

    it('can discard the job at once', async () => {
      const {
        queue,
        in: inState,
        attempts,
      } = await appThat(() => {
        throw new Discard('no such customer');
      });
      expect(await inState('dead', await queue.enqueue(Work, 'x'))).toMatchObject({
        reason: 'discarded',
        attempt: 1,
        error: { name: 'Discard', message: 'no such customer' },
      });
      expect(attempts).toEqual([1]);
    });

    it('that takes too long fails, with its signal aborted', async () => {
      const reasons: unknown[] = [];
      const { queue, in: inState } = await appThat(async (context) => {
        context.signal.addEventListener('abort', () => reasons.push(context.signal.reason));
        await new Promise(() => undefined);
      });
      const info = await inState('dead', await queue.enqueue(Work, 'x', { timeout: 50, retry: false }));
      expect(info).toMatchObject({
        reason: 'attempts',
        error: { name: 'JobTimeoutError', code: 'JOB_TIMEOUT' },
      });
      expect(reasons).toEqual([expect.any(JobTimeoutError)]);
    });

    it('keeps the last progress', async () => {
      const { queue, in: inState } = await appThat(async (context) => {
        await context.progress(10);
        await context.progress({ rows: 7 });
      });
      expect((await inState('completed', await queue.enqueue(Work, 'x'))).progress).toEqual({ rows: 7 });
    });

    it('gets the payload as JSON and the output of the schema', async () => {
      const Dated = defineJob('dated', {
        payload: z.object({ at: z.coerce.date<string>(), n: z.number().default(1) }),
      });
      const payloads: unknown[] = [];
      const handler = handlerOf(Dated, (payload) => void payloads.push(payload));
      const { queue, in: inState } = await appOf(start, { providers: [handler] });
      await inState('completed', await queue.enqueue(Dated, { at: '2026-01-01' }));
      expect(payloads).toEqual([{ at: new Date('2026-01-01'), n: 1 }]);
    });

    it('does not begin with a payload that the handler does not know', async () => {
      const Old = defineJob<{ n: string }>('versioned');
      const New = defineJob('versioned', { payload: z.object({ n: z.number() }) });
      const calls: unknown[] = [];
      const handler = handlerOf(New, (payload) => void calls.push(payload));
      const { queue, in: inState } = await appOf(start, { providers: [handler] });
      expect(await inState('dead', await queue.enqueue(Old, { n: 'seven' }))).toMatchObject({
        reason: 'invalid-payload',
        attempt: 0,
        error: { name: 'PayloadInvalidError' },
      });
      expect(calls).toEqual([]);
    });

    it('fails with a result that its schema does not allow', async () => {
      const Sum = defineJob('sum', {
        payload: z.number(),
        result: z.object({ sum: z.number() }),
        retry: false,
      });
      const handler = handlerOf(Sum, () => ({ sum: 'many' }));
      const { queue, in: inState } = await appOf(start, { providers: [handler] });
      const info = await inState('dead', await queue.enqueue(Sum, 1));
      expect(info.error?.message).toContain('result of sum');
    });
  });

  describe('a job', () => {
    it('of which nobody has a handler is put aside, and dead in the end', async () => {
      const Strange = defineJob('strange');
      const { queue, in: inState } = await appOf(start, {
        providers: [handlerOf(Work, () => undefined)],
        worker: { unknownJobTimeout: 100 },
      });
      expect(await inState('dead', await queue.enqueue(Strange))).toMatchObject({
        reason: 'unknown-job',
        attempt: 0,
      });
    });

    it('that expires before it starts is dead', async () => {
      const { queue, queues, in: inState, pass, attempts } = await appThat(() => undefined);
      await inState('completed', await queue.enqueue(Work, 'x'));
      await queues.pause('default');
      const job = await queue.enqueue(Work, 'x', { expiresIn: 50 });
      await pass(100);
      await queues.resume('default');
      expect(await inState('dead', job)).toMatchObject({ reason: 'expired', attempt: 0 });
      expect(attempts).toEqual([1]);
    });

    it('that waits can be cancelled, and never runs', async () => {
      const { queue, jobs, in: inState, attempts } = await appThat(() => undefined);
      const job = await queue.enqueue(Work, 'x', { delay: '1h' });
      expect(await jobs.cancel(job.id)).toBe('cancelled');
      expect(await jobs.cancel(job.id)).toBe('finished');
      expect(await jobs.cancel('nobody')).toBe('not-found');
      expect(await inState('dead', job)).toMatchObject({ reason: 'cancelled', attempt: 0 });
      expect(attempts).toEqual([]);
    });

    it('that runs can be cancelled, and is not retried', async () => {
      const cancelling: Promise<unknown>[] = [];
      const it = await appThat(async (context) => {
        cancelling.push(it.jobs.cancel(context.id));
        await untilAborted(context);
      });
      const job = await it.queue.enqueue(Work, 'x');
      expect(await it.in('dead', job)).toMatchObject({
        reason: 'cancelled',
        error: { code: 'JOB_CANCELLED' },
      });
      expect(await Promise.all(cancelling)).toEqual(['cancelling']);
      expect(it.attempts).toEqual([1]);
    });

    it('gives its result to those who wait', async () => {
      const { queue, jobs, in: inState } = await appThat(() => ({ sum: 3 }));
      const job = await queue.enqueue(Work, 'x');
      const waiting = jobs.waitFor(job, { timeout: '10s' });
      await inState('completed', job);
      expect(await waiting).toEqual({ sum: 3 });
      expect(await jobs.waitFor(job.id, { timeout: 1 })).toEqual({ sum: 3 });
    });

    it('that died tells those who wait why', async () => {
      const { queue, jobs, in: inState } = await appThat(fail);
      const job = await queue.enqueue(Work, 'x', { retry: false });
      const waiting = jobs.waitFor(job, { timeout: '10s' });
      // oxlint-disable-next-line vitest/valid-expect
      const refused = expect(waiting).rejects.toMatchObject({
        name: 'JobFailedError',
        reason: 'attempts',
        jobId: job.id,
      });
      await inState('dead', job);
      await refused;
    });

    it('is not waited for longer than asked, and not at all when there is none', async () => {
      const { queue, jobs, pass } = await appThat(() => undefined);
      const job = await queue.enqueue(Work, 'x', { delay: '1h' });
      // oxlint-disable-next-line vitest/valid-expect
      const waiting = expect(jobs.waitFor(job, { timeout: 50 })).rejects.toBeInstanceOf(WaitTimeoutError);
      await pass(60);
      await waiting;
      await expect(jobs.waitFor('nobody', { timeout: 50 })).rejects.toBeInstanceOf(JobFailedError);
    });
  });
}
