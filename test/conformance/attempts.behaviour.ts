import { defineJob, Discard, type JobContext, JobTimeoutError, RetryLater, Snooze } from 'scalr-queue';
import { z } from 'zod';
import { appThat, fail, Work } from './acting.app.js';
import { appOf, handlerOf, type StartDriver } from './driver.js';

/** How attempts end, and what follows. */
export function attemptBehaviours(start: StartDriver) {
  describe('an attempt', () => {
    it('that returns completes the job with its result', async () => {
      const {
        queue,
        in: inState,
        told,
        until,
      } = await appThat(start, ({ id, name, maxAttempts }) => ({ id, name, maxAttempts }));
      const job = await queue.enqueue(Work, 'x', { id: 'one' });
      expect((await inState('completed', job)).result).toEqual({ id: 'one', name: 'work', maxAttempts: 3 });
      await until(() => expect(told).toEqual(['started', 'completed']));
    });

    it('that fails is tried again after a growing delay, and the last one leaves the job dead', async () => {
      const { queue, in: inState, attempts, told, until } = await appThat(start, fail);
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
      const { queue, in: inState } = await appThat(start, fail);
      const job = await queue.enqueue(Work, 'x', { retry: { delay: '1h' } });
      const info = await inState('delayed', job);
      expect(info).toMatchObject({ attempt: 1, error: { name: 'TypeError' } });
      expect(info.runAt!.getTime() - info.startedAt!.getTime()).toBeGreaterThanOrEqual(3_600_000);
    });

    it('is the only one with retry: false', async () => {
      const { queue, in: inState, attempts } = await appThat(start, fail);
      await inState('dead', await queue.enqueue(Work, 'x', { retry: false }));
      expect(attempts).toEqual([1]);
    });

    it('is followed by what a retry function says', async () => {
      const Picky = defineJob<string>('picky', { retry: (attempt) => (attempt < 2 ? 10 : false) });
      const { queue, in: inState, attempts } = await appThat(start, fail, Picky);
      expect(await inState('dead', await queue.enqueue(Picky, 'x'))).toMatchObject({
        reason: 'attempts',
        attempt: 2,
      });
      expect(attempts).toEqual([1, 2]);
    });

    it('is followed by another one, after the default delay, where the retry function throws', async () => {
      const Broken = defineJob<string>('broken', {
        retry: (attempt) => {
          if (attempt === 1) throw new Error('of the retry function');
          return false;
        },
      });
      const { queue, in: inState, attempts } = await appThat(start, fail, Broken);
      const job = await queue.enqueue(Broken, 'x');
      const { enqueuedAt, startedAt, ...info } = await inState('dead', job);
      expect(info).toMatchObject({ reason: 'attempts', attempt: 2, error: { name: 'TypeError' } });
      // A second, less a fifth of it.
      expect(startedAt!.getTime() - enqueuedAt.getTime()).toBeGreaterThanOrEqual(800);
      expect(attempts).toEqual([1, 2]);
    });

    it('can choose its own delay, and then uses an attempt', async () => {
      const {
        queue,
        in: inState,
        attempts,
      } = await appThat(start, ({ attempt }) => {
        if (attempt === 1) throw new RetryLater(15);
      });
      expect(await inState('completed', await queue.enqueue(Work, 'x'))).toMatchObject({ attempt: 2 });
      expect(attempts).toEqual([1, 2]);
    });

    it('that wants another one later, and has none left, is told by its cause', async () => {
      const cause = Object.assign(new RangeError('429'), { code: 'E_LIMIT' });
      const later = () => {
        throw new RetryLater(15, { cause });
      };
      const { queue, in: inState } = await appThat(start, later);
      const { error, reason } = await inState(
        'dead',
        await queue.enqueue(Work, 'x', { retry: { attempts: 2 } }),
      );
      expect({ error, reason }).toMatchObject({
        reason: 'attempts',
        error: { name: 'RangeError', message: '429', code: 'E_LIMIT' },
      });
    });

    it('can snooze, and then uses none', async () => {
      let calls = 0;
      const {
        queue,
        in: inState,
        attempts,
        told,
        until,
      } = await appThat(start, () => {
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
      } = await appThat(start, () => {
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
      const { queue, in: inState } = await appThat(start, async (context) => {
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

    it('finds its signal aborted, though it looks at it only after its time was up', async () => {
      const found: unknown[] = [];
      let look = (): void => undefined;
      const Late = defineJob<string>('late', { timeout: 50, retry: false });
      const {
        queue,
        in: inState,
        until,
      } = await appThat(
        start,
        async (context) => {
          await new Promise<void>((resolve) => (look = resolve));
          found.push(context.signal.reason);
        },
        Late,
      );
      await inState('dead', await queue.enqueue(Late, 'x'));
      look();
      await until(() => expect(found).toEqual([expect.any(JobTimeoutError)]));
    });

    it('that ends in time is not told to stop when that time is over', async () => {
      const signals: AbortSignal[] = [];
      const Quick = defineJob<string>('quick', { timeout: 400 });
      const {
        queue,
        in: inState,
        pass,
      } = await appThat(start, ({ signal }) => void signals.push(signal), Quick);
      await inState('completed', await queue.enqueue(Quick, 'x'));
      await pass(500);
      expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    });

    it('keeps the last progress', async () => {
      const { queue, in: inState } = await appThat(start, async (context) => {
        await context.progress(10);
        await context.progress({ rows: 7 });
      });
      expect((await inState('completed', await queue.enqueue(Work, 'x'))).progress).toEqual({ rows: 7 });
    });

    it.each<[string, (context: JobContext) => unknown]>([
      ['progress with a key that is undefined', (it) => it.progress({ a: undefined })],
      ['NaN as progress', (it) => it.progress(NaN)],
      ['nothing as progress', (it) => it.progress(undefined as never)],
      ['a bigint as progress', (it) => it.progress({ a: 1n })],
      ['far too much progress', (it) => it.progress({ text: 'x'.repeat(20_000) })],
      ['an error as a line', (it) => it.log(new Error('it is late'))],
      ['a symbol as a line', (it) => it.log(Symbol('x'))],
      ['what has no text as a line', (it) => it.log(Object.create(null))],
    ])('does not fail by telling %s', async (_what, tell) => {
      const { queue, in: inState, attempts } = await appThat(start, tell);
      await inState('completed', await queue.enqueue(Work, 'x'));
      expect(attempts).toEqual([1]);
    });

    it('tells its last lines and the latest progress, however much it told, and counts the rest', async () => {
      const {
        queue,
        jobs,
        in: inState,
      } = await appThat(start, (context) => {
        for (let line = 1; line <= 1_000; line++) {
          void context.progress(line);
          void context.log(`line ${line}`);
        }
        void context.log(new TypeError('the end'));
      });
      const job = await queue.enqueue(Work, 'x');
      expect((await inState('completed', job)).progress).toBe(1_000);
      const { logs: log = [] } = (await jobs.details(job.id)) ?? {};
      expect(log).toHaveLength(100);
      expect(log[0]).toMatch(/^\(9\d\d lines of ctx\.log were dropped/);
      expect(log.slice(-2)).toEqual(['line 1000', 'TypeError: the end']);
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
  });
}
