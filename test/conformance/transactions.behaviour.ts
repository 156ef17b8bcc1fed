import { defineJob, EnqueueService, type JobContext } from 'scalr-queue';
import { appOf, type Driver, handlerOf, type StartDriver } from './driver.js';
import { appThat as appWith, fail, Work } from './acting.app.js';

const Next = defineJob<number>('next');
/** Another job may have its id a second after its end. */
const Forgotten = defineJob<string>('forgotten', {
  retry: { attempts: 3, delay: 20 },
  keep: { completed: { count: 0 }, ids: '1s' },
});
/** Its time is up while a run of it hangs. */
const Short = defineJob<string>('short', {
  timeout: 400,
  retry: { attempts: 3, delay: 20, factor: 3, jitter: 0 },
});

/** Work in a transaction that commits with the note that it is done. */
export function transactionBehaviours(start: StartDriver) {
  const withOutbox: StartDriver = (options) => start({ ...options, transactions: true });
  const appThat = (act: (context: JobContext) => unknown, definition = Work) =>
    appWith(withOutbox, act, definition);

  describe('a transaction of a job', () => {
    it('that has committed is not repeated by a retry, which gets its result', async () => {
      let runs = 0;
      const results: unknown[] = [];
      const {
        queue,
        in: inState,
        attempts,
      } = await appThat(async (context) => {
        results.push(await context.tx(() => ({ run: ++runs, tags: ['a'], left: undefined })));
        if (context.attempt === 1) fail();
      });
      await inState('completed', await queue.enqueue(Work, 'x'));
      expect(attempts).toEqual([1, 2]);
      // The first run is given what the second one will be.
      expect(results).toEqual([
        { run: 1, tags: ['a'] },
        { run: 1, tags: ['a'] },
      ]);
      expect(results[0]).not.toHaveProperty('left');
    });

    it('without a result gives none, in each run', async () => {
      const results: unknown[] = [];
      let runs = 0;
      const { queue, in: inState } = await appThat(async (context) => {
        results.push(await context.tx(() => void runs++));
        if (context.attempt === 1) fail();
      });
      await inState('completed', await queue.enqueue(Work, 'x'));
      expect(runs).toBe(1);
      expect(results).toEqual([undefined, undefined]);
    });

    it('that failed runs again', async () => {
      let runs = 0;
      const { queue, in: inState } = await appThat((context) =>
        context.tx(() => (++runs === 1 ? fail() : 'ok')),
      );
      const job = await queue.enqueue(Work, 'x');
      expect(await inState('completed', job)).toMatchObject({ attempt: 2, result: 'ok' });
    });

    it('is one of several with keys of their own, and another one in each job, though a later one has the same id', async () => {
      const runs: string[] = [];
      const { queue, pass, until, told } = await appThat(async (context) => {
        const run = `${context.id} ${context.attempt}`;
        for (const key of ['a', 'b']) await context.tx(() => void runs.push(`${run} ${key}`), { key });
        if (context.attempt === 1) fail();
      }, Forgotten);
      const ended = () => told.filter((what) => what === 'completed').length;
      for (const [at, id] of ['one', 'two', 'one'].entries()) {
        await queue.enqueue(Forgotten, 'x', { id });
        await until(() => expect(ended()).toBe(at + 1));
        await pass(1_500);
      }
      expect(runs).toEqual(['one 1 a', 'one 1 b', 'two 1 a', 'two 1 b', 'one 1 a', 'one 1 b']);
    });

    it('may not be called twice with one key', async () => {
      let runs = 0;
      const { queue, in: inState } = await appThat(async (context) => {
        await context.tx(() => void runs++);
        await context.tx(() => void runs++);
      });
      const job = await queue.enqueue(Work, 'x', { retry: false });
      expect(await inState('dead', job)).toMatchObject({
        error: { name: 'InvalidOptionError', message: expect.stringContaining('a key of its own') as string },
      });
      expect(runs).toBe(1);
    });

    it('whose result cannot be kept has not happened', async () => {
      let runs = 0;
      const { queue, in: inState } = await appThat((context) =>
        context.tx(() => (++runs === 1 ? { at: new Date(0) } : 'plain')),
      );
      const job = await queue.enqueue(Work, 'x');
      expect(await inState('completed', job)).toMatchObject({ attempt: 2, result: 'plain' });
    });

    it('enqueues with what it commits', async () => {
      const given: number[] = [];
      let driver: Driver | undefined;
      const handlers = [
        handlerOf(Work, async (_payload, context) => {
          const queue = driver!.get(EnqueueService);
          const status = await context.tx(async (tx) => (await queue.enqueue(Next, 1, { tx })).status);
          if (context.attempt === 1) fail();
          return status;
        }),
        handlerOf(Next, (payload) => void given.push(payload)),
      ];
      const app = await appOf(async (options) => (driver = await withOutbox(options)), {
        providers: handlers,
      });
      const job = await app.queue.enqueue(Work, 'x');
      expect(await app.in('completed', job)).toMatchObject({ attempt: 2, result: 'recorded' });
      await app.until(() => expect(given).toEqual([1]));
    });

    it('that has no more time is rolled back, whatever becomes of the work, and begins anew', async () => {
      let runs = 0;
      let finish = (): void => undefined;
      const hangs = new Promise<void>((resolve) => (finish = resolve));
      const { queue, in: inState } = await appThat(
        // It does not listen to its signal.
        (context) => context.tx(() => (++runs === 1 ? hangs.then(() => 'late') : 'in time')),
        Short,
      );
      const job = await queue.enqueue(Short, 'x');
      expect(await inState('completed', job)).toMatchObject({ attempt: 2, result: 'in time' });
      finish();
      expect(runs).toBe(2);
    });

    it.each<[string, (context: JobContext) => unknown, RegExp]>([
      ['no function', (it) => it.tx('x' as never), /the argument of ctx\.tx to be a function/],
      ['an empty key', (it) => it.tx(() => 1, { key: '' }), /key of ctx\.tx to be a string of 1 to 200/],
      ['an unknown option', (it) => it.tx(() => 1, { kee: 'a' } as never), /did you mean "key"/],
    ])('is refused with %s', async (_what, act, message) => {
      const { queue, in: inState } = await appThat(act);
      const { error } = await inState('dead', await queue.enqueue(Work, 'x', { retry: false }));
      expect(error).toMatchObject({ name: 'InvalidOptionError', message: expect.stringMatching(message) });
    });
  });
}
