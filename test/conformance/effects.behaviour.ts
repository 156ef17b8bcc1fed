import {
  defineJob,
  EffectUnknownError,
  InvalidOptionError,
  type JobContext,
  type OnceOptions,
} from 'scalr-queue';
import { appThat as appWith, effectThat, fail, Work } from './acting.app.js';
import type { StartDriver } from './driver.js';

/** Its time is up before the claim of a run is over. */
const Short = defineJob<string>('short', {
  timeout: 400,
  retry: { attempts: 3, delay: 20, factor: 3, jitter: 0 },
});

const aborted = ({ signal }: JobContext) =>
  new Promise<never>((_resolve, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
  );

/** What is done once per job, over retries and time limits. */
export function effectBehaviours(start: StartDriver) {
  // A claim is given up after half of it.
  const quick: StartDriver = (options) =>
    start({ ...options, worker: { lockDuration: '1s', stalledInterval: '500ms' } });
  const appThat = (act: (context: JobContext) => unknown, definition = Work) =>
    appWith(quick, act, definition);

  /** An effect whose first run ends with the time of its attempt, which leaves open whether it has happened. */
  const cutShort = async (options?: OnceOptions<unknown>) => {
    const results: unknown[] = [];
    const { keys, effect } = effectThat((_call, times) => (times === 1 ? hang() : `call ${times}`));
    let hang = (): Promise<never> => Promise.reject(new Error('of no attempt'));
    const app = await appThat(async (context) => {
      hang = () => aborted(context);
      results.push(await context.once('charge', effect, options));
    }, Short);
    return { ...app, keys, results, job: await app.queue.enqueue(Short, 'x') };
  };

  describe('an effect', () => {
    it('that has happened is not repeated by a retry, which gets its result', async () => {
      const results: unknown[] = [];
      const { keys, effect } = effectThat(() => ({ id: 'ch_1', tags: [], left: undefined }));
      const {
        queue,
        in: inState,
        attempts,
      } = await appThat(async (context) => {
        results.push(await context.once('charge', effect));
        if (context.attempt === 1) fail();
      });
      await inState('completed', await queue.enqueue(Work, 'x'));
      expect(attempts).toEqual([1, 2]);
      expect(keys).toEqual([
        expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      ]);
      // The first run is given what the second one will be.
      expect(results).toEqual([
        { id: 'ch_1', tags: [] },
        { id: 'ch_1', tags: [] },
      ]);
      expect(results[0]).not.toHaveProperty('left');
    });

    it('without a result gives none, in each run', async () => {
      const results: unknown[] = [];
      const { keys, effect } = effectThat(() => undefined);
      const { queue, in: inState } = await appThat(async (context) => {
        results.push(await context.once('mail', effect));
        if (context.attempt === 1) fail();
      });
      await inState('completed', await queue.enqueue(Work, 'x'));
      expect(keys).toHaveLength(1);
      expect(results).toEqual([undefined, undefined]);
    });

    it('that failed runs again, with the same key', async () => {
      const { keys, effect } = effectThat((_call, times) => (times === 1 ? fail() : 'paid'));
      const { queue, in: inState } = await appThat((context) => context.once('charge', effect));
      const job = await queue.enqueue(Work, 'x');
      expect(await inState('completed', job)).toMatchObject({ attempt: 2, result: 'paid' });
      expect(keys).toHaveLength(2);
      expect(new Set(keys).size).toBe(1);
    });

    it('has a key of its own in each job and for each name', async () => {
      const { keys, effect } = effectThat(() => 'done');
      const { queue, in: inState } = await appThat(async (context) => {
        await context.once('a', effect);
        await context.once('b', effect);
      });
      for (const id of ['one', 'two']) await inState('completed', await queue.enqueue(Work, 'x', { id }));
      expect(new Set(keys).size).toBe(4);
    });

    it('whose outcome is unknown runs again with the same key', async () => {
      const { in: inState, job, keys, results, attempts } = await cutShort();
      await inState('completed', job);
      expect(keys).toHaveLength(2);
      expect(new Set(keys).size).toBe(1);
      expect(results).toEqual(['call 2']);
      expect(attempts).toEqual([1, 2]);
    });

    it('whose outcome is unknown leaves the job dead where it is to fail, until somebody retries it', async () => {
      const { in: inState, job, keys, dead, results, until } = await cutShort({ onUnknown: 'fail' });
      const info = await inState('dead', job);
      expect(info).toMatchObject({
        reason: 'effect-unknown',
        error: { name: 'EffectUnknownError', code: 'EFFECT_UNKNOWN' },
      });
      expect(info.error!.message).toContain(keys[0]);
      expect(keys).toHaveLength(1);
      expect(await dead.retry({ reason: 'effect-unknown' })).toMatchObject({ retried: 1 });
      await until(() => expect(results).toEqual(['call 2']));
      await inState('completed', job);
      expect(new Set(keys).size).toBe(1);
    });

    it.each<[string, string, () => unknown, number, unknown]>([
      ['with the result that the other side knows', 'completed', () => ({ result: 'known' }), 1, ['known']],
      ['by running where it has not happened', 'completed', () => 'run', 2, ['call 2']],
      ['by being dead where that cannot be told', 'dead', () => 'fail', 1, []],
    ])('whose outcome is unknown goes on %s', async (_how, state, answer, calls, given) => {
      const asked: object[] = [];
      const onUnknown = (it: object) => (asked.push(it), answer() as never);
      const { in: inState, job, keys, results } = await cutShort({ onUnknown });
      const info = await inState(state as 'completed', job);
      expect(info.reason).toBe(state === 'dead' ? 'effect-unknown' : undefined);
      expect(asked).toEqual([{ key: 'charge', idempotencyKey: keys[0], since: expect.any(Date) }]);
      expect(keys).toHaveLength(calls);
      expect(results).toEqual(given);
    });

    it('is asked for again where the question failed', async () => {
      let asked = 0;
      const {
        in: inState,
        job,
        keys,
        attempts,
      } = await cutShort({
        onUnknown: () => (++asked === 1 ? fail() : 'run'),
      });
      await inState('completed', job);
      expect(asked).toBe(2);
      expect(keys).toHaveLength(2);
      expect(attempts).toEqual([1, 2, 3]);
    });

    it.each([
      [
        'a connection that broke',
        Object.assign(new Error('fetch failed'), { cause: { code: 'ECONNRESET' } }),
        {},
      ],
      [
        'what the call says',
        new Error('502'),
        { isUnknown: (error: unknown) => (error as Error).message === '502' },
      ],
    ])('whose outcome %s leaves open is unknown', async (_what, error, options) => {
      const { keys, effect } = effectThat(() => Promise.reject(error));
      const { queue, in: inState } = await appThat((context) =>
        context.once('charge', effect, { onUnknown: 'fail', ...options }),
      );
      const info = await inState('dead', await queue.enqueue(Work, 'x'));
      expect(info.reason).toBe('effect-unknown');
      expect(keys).toHaveLength(1);
    });

    it('ends the job as it must, though the handler wraps its error', async () => {
      const { effect } = effectThat(() =>
        Promise.reject(Object.assign(new Error('x'), { code: 'ETIMEDOUT' })),
      );
      const seen: unknown[] = [];
      const { queue, in: inState } = await appThat(async (context) => {
        await context.once('charge', effect, { onUnknown: 'fail' }).catch((cause: unknown) => {
          seen.push(cause);
          throw new Error('no payment', { cause });
        });
      });
      const info = await inState('dead', await queue.enqueue(Work, 'x'));
      expect(info).toMatchObject({ reason: 'effect-unknown', attempt: 1 });
      expect(seen).toEqual([expect.any(EffectUnknownError)]);
    });

    it('that a run is still at makes the next one wait, with no attempt used, and gives it its result', async () => {
      let finish = (_result: string): void => undefined;
      const { keys, effect } = effectThat(() => new Promise((resolve) => (finish = resolve)));
      const results: unknown[] = [];
      const {
        queue,
        in: inState,
        attempts,
        told,
        until,
      } = await appThat(async (context) => {
        results.push(await context.once('charge', effect));
      }, Short);
      const job = await queue.enqueue(Short, 'x');
      await until(() => expect(told).toContain('postponed'));
      finish('late');
      await inState('completed', job);
      expect(keys).toHaveLength(1);
      expect(results).toEqual(['late', 'late'].slice(0, results.length));
      expect(results.length).toBeGreaterThan(0);
      expect(new Set(attempts)).toEqual(new Set([1, 2]));
    });

    it('that a run hangs in for ever is unknown once its claim is over', async () => {
      const { keys, effect } = effectThat((_call, times) =>
        times === 1 ? new Promise(() => undefined) : 'paid',
      );
      const { queue, in: inState, told } = await appThat((context) => context.once('charge', effect), Short);
      const job = await queue.enqueue(Short, 'x');
      expect(await inState('completed', job)).toMatchObject({ attempt: 2, result: 'paid' });
      expect(keys).toHaveLength(2);
      expect(told).toContain('postponed');
    });

    it('is one where it is called twice at a time, and one after the other', async () => {
      const { keys, effect } = effectThat(() => 'paid');
      const { queue, in: inState } = await appThat(async (context) => [
        ...(await Promise.all([context.once('charge', effect), context.once('charge', effect)])),
        await context.once('charge', effect),
      ]);
      const { result } = await inState('completed', await queue.enqueue(Work, 'x'));
      expect(result).toEqual(['paid', 'paid', 'paid']);
      expect(keys).toHaveLength(1);
    });

    it('may be within another one, but not within itself', async () => {
      const errors: unknown[] = [];
      const { queue, in: inState } = await appThat((context) =>
        context.once('outer', async () => {
          await Promise.resolve();
          try {
            await context.once('outer', () => 'never');
          } catch (error) {
            errors.push(error);
          }
          return context.once('inner', () => 'in');
        }),
      );
      const { result } = await inState('completed', await queue.enqueue(Work, 'x'));
      expect(result).toBe('in');
      expect(errors).toEqual([expect.any(InvalidOptionError)]);
    });

    it('whose result cannot be stored has happened: the job is dead at once', async () => {
      const { keys, effect } = effectThat(() => ({ at: new Date(0) }));
      const { queue, in: inState, dead } = await appThat((context) => context.once('charge', effect));
      const job = await queue.enqueue(Work, 'x');
      const info = await inState('dead', job);
      expect(info).toMatchObject({ reason: 'invalid-result', attempt: 1, error: { code: 'EFFECT_RESULT' } });
      expect(info.error!.message).toMatch(/^ctx\.once\("charge"\) has happened.*\$\.at/);
      await dead.retry(job.id);
      await inState('dead', job);
      expect(keys).toHaveLength(1);
    });

    it.each<[string, (context: JobContext) => unknown, RegExp]>([
      [
        'an empty key',
        (it) => it.once('', () => 1),
        /key of ctx\.once to be a string of 1 to 200 characters, got: ""/,
      ],
      ['a key that is no text', (it) => it.once(7 as never, () => 1), /got: 7/],
      [
        'no function',
        (it) => it.once('a', 'x' as never),
        /second argument of ctx\.once\("a"\) to be a function/,
      ],
      [
        'a wrong onUnknown',
        (it) => it.once('a', () => 1, { onUnknown: 'retry' as never }),
        /"run", "fail" or a function/,
      ],
      [
        'an option that it has not',
        (it) => it.once('a', () => 1, { onUnkown: 'run' } as never),
        /did you mean "onUnknown"/,
      ],
    ])('is refused with %s', async (_what, act, message) => {
      const { queue, in: inState } = await appThat(act);
      const job = await queue.enqueue(Work, 'x', { retry: false });
      const { error } = await inState('dead', job);
      expect(error).toMatchObject({ name: 'InvalidOptionError', message: expect.stringMatching(message) });
    });
  });
}
