import {
  defineJob,
  type EnqueueCall,
  type EnqueueOutcome,
  type JobContext,
  type JobHook,
  RetryLater,
  Snooze,
} from 'scalr-queue';
import { appOf, handlerOf, type StartDriver } from './driver.js';

declare module 'scalr-queue' {
  interface CarriedContext {
    tenant: string;
    correlationId: string;
  }
}

const First = defineJob<string>('first', { retry: { attempts: 3, delay: 10, jitter: 0 } });
const Second = defineJob<string>('second');
const Nightly = defineJob('nightly');
const CONTEXT = { tenant: 'acme', correlationId: 'c-1' } as const;

class IdleHook implements JobHook {
  attempt(_context: JobContext, next: () => Promise<unknown>) {
    return next();
  }
}

/** What jobs carry of their callers. */
export function contextBehaviours(start: StartDriver) {
  describe('what a job carries of its caller', () => {
    it('is there in each attempt, after a failure, a snooze and a retry of the dead job', async () => {
      const seen: unknown[] = [];
      const handler = handlerOf(First, (_payload, { context, attempt }) => {
        seen.push(context);
        if (seen.length === 1) throw new Snooze(10);
        if (seen.length <= 4) throw new RetryLater(10, { cause: new Error(`attempt ${attempt}`) });
      });
      const app = await appOf(start, { providers: [handler] });
      const job = await app.queue.enqueue(First, 'x', { context: CONTEXT });
      await app.in('dead', job);
      await app.dead.retry(job.id);
      await app.in('completed', job);
      expect(seen).toEqual(Array.from({ length: 5 }, () => CONTEXT));
    });

    it('is nothing where the caller gave nothing', async () => {
      const seen: unknown[] = [];
      const app = await appOf(start, {
        providers: [handlerOf(First, (_payload, { context }) => void seen.push(context))],
      });
      await app.in('completed', await app.queue.enqueue(First, 'x'));
      await app.in('completed', await app.queue.enqueue(First, 'x', { context: {} }));
      expect(seen).toEqual([{}, {}]);
    });

    it('goes on with what the handler enqueues, which may add to it and leave out of it', async () => {
      const seen: unknown[] = [];
      const made: { id: string }[] = [];
      const handler = handlerOf(First, async () => {
        await Promise.resolve();
        const { queue } = app;
        made.push(await queue.enqueue(Second, 'inherits'));
        made.push(...(await queue.enqueueMany(Second, ['of many'])));
        made.push(await queue.enqueue(Second, 'adds', { context: { tenant: 'other' } }));
        made.push(await queue.enqueue(Second, 'less', { context: { tenant: undefined as never } }));
      });
      const second = handlerOf(Second, (payload, { context }) => void seen.push([payload, context]));
      const app = await appOf(start, { providers: [handler, second] });
      await app.in('completed', await app.queue.enqueue(First, 'x', { context: CONTEXT }));
      for (const job of made) await app.in('completed', job);
      // A call outside of the handler inherits nothing.
      await app.in('completed', await app.queue.enqueue(Second, 'outside'));
      expect(Object.fromEntries(seen as [string, unknown][])).toEqual({
        inherits: CONTEXT,
        'of many': CONTEXT,
        adds: { ...CONTEXT, tenant: 'other' },
        less: { correlationId: 'c-1' },
        outside: {},
      });
    });

    it('of one of many is added to that of the call', async () => {
      const seen: unknown[] = [];
      const app = await appOf(start, {
        providers: [handlerOf(First, (payload, { context }) => void seen.push([payload, context]))],
      });
      const own = { payload: 'own', options: { context: { correlationId: 'c-2' } } };
      const less = { payload: 'less', options: { context: { tenant: undefined as never } } };
      const jobs = await app.queue.enqueueMany(First, ['none', own, less], { context: CONTEXT });
      for (const job of jobs) await app.in('completed', job);
      expect(Object.fromEntries(seen as [string, unknown][])).toEqual({
        none: CONTEXT,
        own: { ...CONTEXT, correlationId: 'c-2' },
        less: { correlationId: 'c-1' },
      });
    });

    it('is what hooks make of it, for each of many, and by the option too', async () => {
      const seen: unknown[] = [];
      class Tenant implements JobHook {
        enqueue(call: EnqueueCall, next: () => Promise<EnqueueOutcome>) {
          if (call.many) call.context.tenant = 'acme';
          else call.options.context = { tenant: 'by option' };
          return next();
        }
      }
      const handler = handlerOf(First, (payload, { context }) => void seen.push([payload, context]));
      const { queue, ...app } = await appOf(start, { hooks: [Tenant], providers: [handler] });
      const own = { payload: 'own', options: { context: { correlationId: 'c' } } };
      for (const job of await queue.enqueueMany(First, ['none', own])) await app.in('completed', job);
      await app.in('completed', await queue.enqueue(First, 'one', { context: { correlationId: 'd' } }));
      expect(Object.fromEntries(seen as [string, unknown][])).toEqual({
        none: { tenant: 'acme' },
        own: { tenant: 'acme', correlationId: 'c' },
        one: { tenant: 'by option', correlationId: 'd' },
      });
    });

    it('is given to the jobs of a schedule', async () => {
      const seen: unknown[] = [];
      const handler = handlerOf(Nightly, (...[, { context }]) => void seen.push(context), {
        every: '1s',
        context: { tenant: 'acme' },
      });
      const app = await appOf(start, { providers: [handler] });
      await app.until(async () => {
        await app.pass(1_000);
        expect(seen[0]).toEqual({ tenant: 'acme' });
      });
    });

    it.each([
      ['', {}],
      [', also with hooks', { hooks: [IdleHook] }],
    ])('is refused where it is not strict JSON, too large or no object, and nothing is enqueued%s', async (_how, more) => {
      const { queue, queues } = await appOf(start, { providers: [handlerOf(First, () => undefined)], ...more });
      const enqueue = (context: unknown) => queue.enqueue(First, 'x', { context: context as object });
      await expect(enqueue({ tenant: new Date() })).rejects.toMatchObject({
        code: 'PAYLOAD_NOT_SERIALIZABLE',
        message: expect.stringContaining('context of first is not strict JSON at $.tenant') as string,
      });
      await expect(enqueue({ tenant: 'x'.repeat(2_048) })).rejects.toMatchObject({
        code: 'PAYLOAD_TOO_LARGE',
        limit: 2_048,
      });
      await expect(enqueue('acme')).rejects.toThrow('expected context to be an object, got: "acme"');
      await expect(enqueue([])).rejects.toThrow('expected context to be an object, got: an array');
      const [info] = await queues.list();
      expect(info).toMatchObject({ waiting: 0, running: 0, dead: 0 });
    }); // prettier-ignore
  });
}
