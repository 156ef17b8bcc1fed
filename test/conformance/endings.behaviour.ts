import { defineJob, JobFailedError, Snooze, WaitTimeoutError } from 'scalr-queue';
import { appThat, fail, Work } from './acting.app.js';
import { appOf, handlerOf, type StartDriver, untilAborted } from './driver.js';

/** How jobs end but by an attempt of theirs, and who is told. */
export function endingBehaviours(start: StartDriver) {
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
      const { queue, queues, in: inState, pass, attempts } = await appThat(start, () => undefined);
      await inState('completed', await queue.enqueue(Work, 'x'));
      await queues.pause('default');
      const job = await queue.enqueue(Work, 'x', { expiresIn: 50 });
      await pass(100);
      await queues.resume('default');
      expect(await inState('dead', job)).toMatchObject({ reason: 'expired', attempt: 0 });
      expect(attempts).toEqual([1]);
    });

    it('that has run does not expire any more', async () => {
      const {
        queue,
        in: inState,
        attempts,
      } = await appThat(start, () => {
        if (attempts.length === 1) throw new Snooze(1_200);
      });
      await inState('completed', await queue.enqueue(Work, 'x', { expiresIn: 1_000 }));
      expect(attempts).toEqual([1, 1]);
    });

    it('that waits can be cancelled, and never runs', async () => {
      const { queue, jobs, in: inState, attempts } = await appThat(start, () => undefined);
      const job = await queue.enqueue(Work, 'x', { delay: '1h' });
      expect(await jobs.cancel(job.id)).toBe('cancelled');
      expect(await jobs.cancel(job.id)).toBe('finished');
      expect(await jobs.cancel('nobody')).toBe('not-found');
      expect(await inState('dead', job)).toMatchObject({ reason: 'cancelled', attempt: 0 });
      expect(attempts).toEqual([]);
    });

    it('that runs can be cancelled, and is not retried', async () => {
      const cancelling: Promise<unknown>[] = [];
      const it = await appThat(start, async (context) => {
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
      const { queue, jobs, in: inState } = await appThat(start, () => ({ sum: 3 }));
      const job = await queue.enqueue(Work, 'x');
      const waiting = jobs.waitFor(job, { timeout: '10s' });
      await inState('completed', job);
      expect(await waiting).toEqual({ sum: 3 });
      expect(await jobs.waitFor(job.id, { timeout: 1 })).toEqual({ sum: 3 });
    });

    it('that died tells those who wait why', async () => {
      const { queue, jobs, in: inState } = await appThat(start, fail);
      const job = await queue.enqueue(Work, 'x', { retry: false });
      const waiting = jobs.waitFor(job, { timeout: '10s' }).catch((error: unknown) => error);
      await inState('dead', job);
      expect(await waiting).toMatchObject({ name: 'JobFailedError', reason: 'attempts', jobId: job.id });
    });

    it('that is not kept gives its end to those who wait for it', async () => {
      const keep = { completed: { count: 0 }, dead: { count: 0 } };
      const Brief = defineJob<boolean, number>('brief', { keep, retry: false });
      const { queue, jobs, queues, until } = await appOf(start, {
        providers: [handlerOf(Brief, (fails) => (fails ? fail() : 7))],
      });
      const ended = async <T>(promise: Promise<T>): Promise<T> => {
        let over = false;
        const settle = () => void (over = true);
        promise.then(settle, settle);
        await until(() => expect(over).toBe(true));
        return promise;
      };
      expect(await ended(queue.enqueueAndWait(Brief, false, { waitFor: '10s' }))).toBe(7);
      await expect(ended(queue.enqueueAndWait(Brief, true, { waitFor: '10s' }))).rejects.toMatchObject({
        code: 'JOB_FAILED',
        reason: 'attempts',
      });
      await queues.pause('default');
      const [good, bad] = await queue.enqueueMany(Brief, [false, true]);
      const waits = [good!, bad!].map((job) =>
        jobs.waitFor(job, { timeout: '10s' }).catch(({ reason }: JobFailedError) => reason),
      );
      await until(async () => expect((await jobs.get(good!.id))?.state).toBe('waiting'));
      await queues.resume('default');
      expect(await ended(Promise.all(waits))).toEqual([7, 'attempts']);
    });

    it('is kept as its own definition says', async () => {
      const One = defineJob('one', { keep: { dead: { count: 1 } } });
      const { queue, dead, until } = await appOf(start, {
        providers: [handlerOf(Work, fail), handlerOf(One, fail)],
      });
      const other = await queue.enqueue(Work, 'x', { retry: false });
      for (let n = 0; n < 3; n++) await queue.enqueue(One, undefined, { retry: false });
      await until(async () => {
        expect(await dead.count({ definition: One })).toBe(1);
        expect(await dead.get(other.id)).toMatchObject({ reason: 'attempts' });
      });
    });

    it('is not waited for longer than asked, and not at all when there is none', async () => {
      const { queue, jobs, pass } = await appThat(start, () => undefined);
      const job = await queue.enqueue(Work, 'x', { delay: '1h' });
      const waiting = jobs.waitFor(job, { timeout: 50 }).catch((error: unknown) => error);
      await pass(60);
      expect(await waiting).toBeInstanceOf(WaitTimeoutError);
      await expect(jobs.waitFor('nobody', { timeout: 50 })).rejects.toBeInstanceOf(JobFailedError);
    });
  });
}
