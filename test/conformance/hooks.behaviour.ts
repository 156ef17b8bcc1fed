import { Inject, Injectable, type OnModuleInit, type Provider, Scope } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import {
  type DeadJob,
  defineJob,
  Discard,
  type EnqueueCall,
  type EnqueueOutcome,
  EnqueueService,
  type JobContext,
  type JobHook,
  type JobHookClass,
  RetryLater,
} from 'scalr-queue';
import { appOf, handlerOf, type StartDriver } from './driver.js';

const Mail = defineJob<string>('mail', { retry: { attempts: 2, delay: 10, jitter: 0 } });
const Told = defineJob<{ name: string; payload: unknown }>('told');

type Enqueue = NonNullable<JobHook['enqueue']>;
type Attempt = NonNullable<JobHook['attempt']>;

/** A hook of that name that does this. */
function hookOf(name: string, methods: { enqueue?: Enqueue; attempt?: Attempt }): JobHookClass {
  const type = { [name]: class {} }[name]!;
  Object.assign(type.prototype, methods);
  return type;
}

/** Notes what it stands around. */
const around = (name: string, lines: unknown[]) =>
  hookOf(name, {
    async enqueue(call, next) {
      lines.push(`${name} enqueues ${call.many ? 'many' : String(call.payload)}`);
      const outcome = await next();
      lines.push(`${name} enqueued`);
      return outcome;
    },
    async attempt({ attempt }, next) {
      lines.push(`${name} begins ${attempt}`);
      try {
        return await next();
      } finally {
        lines.push(`${name} ends ${attempt}`);
      }
    },
  });

/** Code of the app around its jobs. */
export function hookBehaviours(start: StartDriver) {
  const startWith = async (
    hooks: JobHookClass[],
    handle: (payload: string, context: JobContext) => unknown = () => 'sent',
    more: Provider[] = [],
  ) => appOf(start, { hooks, providers: [handlerOf(Mail, handle), ...more] });

  describe('hooks', () => {
    it('stand around enqueuing and attempts, the first outermost', async () => {
      const lines: unknown[] = [];
      const app = await startWith(
        [around('Outer', lines), around('Inner', lines)],
        (payload, { attempt }) => {
          lines.push(`sends ${payload}`);
          if (attempt === 1) throw new RetryLater(10);
          return 'sent';
        },
      );
      const job = await app.queue.enqueue(Mail, 'a');
      expect((await app.in('completed', job)).result).toBe('sent');
      const attempt = (n: number) => [
        `Outer begins ${n}`, `Inner begins ${n}`, 'sends a', `Inner ends ${n}`, `Outer ends ${n}`,
      ]; // prettier-ignore
      const enqueue = ['Outer enqueues a', 'Inner enqueues a', 'Inner enqueued', 'Outer enqueued'];
      const ofEnqueue = (line: unknown) => String(line).includes('enqueue');
      expect(lines.filter(ofEnqueue)).toEqual(enqueue);
      expect(lines.filter((line) => !ofEnqueue(line))).toEqual([...attempt(1), ...attempt(2)]);
    });

    it('stand around a call of enqueueMany once', async () => {
      const lines: unknown[] = [];
      const app = await startWith([around('One', lines)]);
      const jobs = await app.queue.enqueueMany(Mail, ['a', 'b']);
      expect(jobs).toHaveLength(2);
      expect(lines.slice(0, 1)).toEqual(['One enqueues many']);
      for (const job of jobs) await app.in('completed', job);
    });

    it('change options and context, and what they take out is not inherited', async () => {
      const seen: unknown[] = [];
      const hook = hookOf('Tenant', {
        enqueue(call, next) {
          call.options.id ??= 'chosen';
          call.context.tenant ??= 'acme';
          if (call.payload === 'inner') delete call.context.correlationId;
          return next();
        },
      });
      const app = await startWith([hook], async (payload, { context }) => {
        seen.push([payload, context]);
        if (payload === 'a') await app.queue.enqueue(Mail, 'inner', { id: 'inner' });
      });
      const job = await app.queue.enqueue(Mail, 'a', { context: { correlationId: 'c' } });
      expect(job.id).toBe('chosen');
      await app.in('completed', { id: 'inner' });
      expect(seen).toEqual([
        ['a', { correlationId: 'c', tenant: 'acme' }],
        ['inner', { tenant: 'acme' }],
      ]);
    });

    it('that throw at enqueue are heard by the caller, and nothing is sent', async () => {
      const refusing = hookOf('Refusing', {
        enqueue: () => {
          throw new RangeError('not today');
        },
      });
      const app = await startWith([around('Outer', []), refusing]);
      await expect(app.queue.enqueue(Mail, 'a')).rejects.toThrow(new RangeError('not today'));
      await expect(app.queue.enqueueMany(Mail, ['a'])).rejects.toThrow('not today');
      await expect(app.queue.enqueueAndWait(Mail, 'a', { waitFor: '1s' })).rejects.toThrow('not today');
      expect((await app.queues.list())[0]).toMatchObject({ waiting: 0, running: 0, delayed: 0 });
    });

    it('may answer a call themselves, with a job', async () => {
      const own = { id: 'known', name: 'mail', queue: 'default', status: 'duplicate' } as const;
      const answer: { current: unknown } = { current: own };
      const app = await startWith([hookOf('Own', { enqueue: () => answer.current as never })]);
      expect(await app.queue.enqueue(Mail, 'a')).toEqual(own);
      await expect(app.queue.enqueueMany(Mail, ['a'])).rejects.toMatchObject({ code: 'JOB_HOOK' });
      answer.current = 5;
      await expect(app.queue.enqueue(Mail, 'a')).rejects.toThrow(
        'a hook answered the call that enqueues mail with something else than a job',
      );
      answer.current = undefined;
      await expect(app.queue.enqueue(Mail, 'a')).rejects.toThrow(
        'Own.enqueue neither called next() nor returned anything',
      );
    });

    it('that throw around an attempt fail it', async () => {
      const app = await startWith([
        hookOf('Broken', {
          attempt: () => {
            throw new RangeError('no database');
          },
        }),
      ]);
      expect(await app.in('dead', await app.queue.enqueue(Mail, 'a'))).toMatchObject({
        reason: 'attempts',
        attempt: 2,
        error: { name: 'RangeError', message: 'no database' },
      });
    });

    it.each<[string, Attempt, object]>([
      ['replace the result', async (_ctx, next) => `${String(await next())}!`, { state: 'completed', result: 'sent!' }],
      ['leave it by returning nothing', async (_ctx, next) => void (await next()), { state: 'completed', result: 'sent' }],
      ['leave it to a handler that they do not wait for', (_ctx, next) => void next(), { state: 'completed', result: 'sent' }],
      ['answer in the place of the handler', () => 'own', { state: 'completed', result: 'own' }],
      [
        'fail where they do neither',
        () => undefined,
        { state: 'dead', error: { message: expect.stringContaining('Odd.attempt neither called next()') as string } },
      ],
      [
        'fail where they call next twice',
        async (_ctx, next) => [await next(), await next()],
        { state: 'dead', error: { message: expect.stringContaining('Odd.attempt called next() twice') as string } },
      ],
    ])('%s', async (_what, attempt, expected) => {
      let runs = 0;
      const app = await startWith([hookOf('Odd', { attempt })], () => {
        runs++;
        return 'sent';
      });
      const job = await app.queue.enqueue(Mail, 'a', { retry: false });
      const info = await app.until(async () => {
        const found = await app.jobs.get(job.id);
        expect(found?.finishedAt).toBeDefined();
        return found!;
      });
      expect(info).toMatchObject(expected);
      expect(runs).toBeLessThanOrEqual(1);
    }); // prettier-ignore

    it('catch what the handler threw only by an answer of their own', async () => {
      const swallow = (answer: unknown): Attempt =>
        async function (_ctx, next) {
          await next().catch(() => undefined);
          return answer;
        };
      const fail = () => {
        throw new RangeError('broken');
      };
      const silent = await startWith([hookOf('Silent', { attempt: swallow(undefined) })], fail);
      expect(await silent.in('dead', await silent.queue.enqueue(Mail, 'a', { retry: false }))).toMatchObject({
        error: { message: 'broken' },
      });
      const catching = await startWith([hookOf('Catching', { attempt: swallow('instead') })], fail);
      const job = await catching.in('completed', await catching.queue.enqueue(Mail, 'a'));
      expect(job.result).toBe('instead');
    });

    it('are taken from the app, in its request scope one for each attempt', async () => {
      const lines: unknown[] = [];
      @Injectable({ scope: Scope.REQUEST })
      class PerAttempt implements JobHook {
        constructor(@Inject(REQUEST) private readonly request: JobContext | EnqueueCall) {}

        attempt(ctx: JobContext, next: () => Promise<unknown>) {
          lines.push(this.request === ctx);
          return next();
        }

        enqueue(call: EnqueueCall, next: () => Promise<EnqueueOutcome>) {
          lines.push(this.request === call);
          return next();
        }
      }
      const app = await startWith([PerAttempt], () => 'sent', [PerAttempt]);
      await app.in('completed', await app.queue.enqueue(Mail, 'a'));
      expect(lines).toEqual([true, true]);
    });

    it('begin as other providers do, also where no module provides them', async () => {
      class Asking implements JobHook, OnModuleInit {
        onModuleInit(): void {
          throw new RangeError('needs a database');
        }

        enqueue(_call: EnqueueCall, next: () => Promise<EnqueueOutcome>) {
          return next();
        }
      }
      await expect(startWith([Asking])).rejects.toThrow('needs a database');
    });

    it('that follow up deaths run after them, with what the job carried, until they succeed', async () => {
      const told: unknown[] = [];
      let calls = 0;
      @Injectable()
      class Tell implements JobHook {
        constructor(@Inject(EnqueueService) private readonly queue: EnqueueService) {}

        async dead({ name, payload, reason }: DeadJob) {
          if (++calls === 1) throw new Error('mail server away');
          await this.queue.enqueue(Told, { name: `${name}: ${reason}`, payload });
        }
      }
      const hear = handlerOf(Told, (payload, { context }) => void told.push([payload, context]));
      const act = (payload: string) => {
        if (payload === 'discard') throw new Discard('never');
        throw new Error('broken');
      };
      const app = await startWith([Tell], act, [hear]);
      const context = { tenant: 'acme' } as const;
      await app.in('dead', await app.queue.enqueue(Mail, 'a', { context }));
      await app.until(async () => {
        await app.pass(1_000);
        expect(told).toEqual([[{ name: 'mail: attempts', payload: 'a' }, context]]);
      });
      await app.in('dead', await app.queue.enqueue(Mail, 'discard'));
      await app.until(() => expect(told).toHaveLength(2));
      expect(told[1]).toEqual([{ name: 'mail: discarded', payload: 'discard' }, {}]);
      expect(calls).toBe(3);
    });

    it('hear of the death of a job that is not kept, and not of a cancelled one', async () => {
      const told: DeadJob[] = [];
      @Injectable()
      class Note implements JobHook {
        dead(job: DeadJob) {
          told.push(job);
        }
      }
      const Brief = defineJob<string>('brief', { keep: { dead: { count: 0 } }, retry: false });
      const fail = handlerOf(Brief, () => {
        throw new RangeError('broken');
      });
      const app = await startWith([Note], () => 'sent', [fail]);
      const waiting = await app.queue.enqueue(Mail, 'late', { delay: '1h' });
      await app.jobs.cancel(waiting.id);
      const { id } = await app.queue.enqueue(Brief, 'x');
      await app.until(() => expect(told).toHaveLength(1));
      expect(told[0]).toMatchObject({
        id,
        name: 'brief',
        state: 'dead',
        reason: 'attempts',
        attempt: 1,
        error: { name: 'RangeError', message: 'broken' },
      });
    });
  });
}
