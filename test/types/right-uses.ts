import {
  defineJob,
  Discard,
  type Duration,
  type EnqueuedJob,
  type EnqueueService,
  type JobContext,
  type JobsService,
  type PayloadOf,
  ProcessJob,
  type ResultOf,
  RetryLater,
  ScalrQueueModule,
  Snooze,
} from 'scalr-queue';
import { runWorker } from 'scalr-queue/worker';
import * as v from 'valibot';
import { CleanUp, Convert, Plain } from './definitions.js';

// Compiled by `npm run typecheck`, never run: what must be possible.

type Within<A, B> = [A] extends [B] ? true : false;
type Same<A, B> = [Within<A, B>, Within<B, A>, Within<0, A & 1>] extends [true, true, false] ? true : false;
const same = <A, B>(isSame: Same<A, B>): boolean => isSame;

export const inferred = [
  same<PayloadOf<typeof Convert>, { amount: number; to: 'eur' | 'usd' }>(true),
  same<ResultOf<typeof Convert>, { paidAt: Date }>(true),
  same<PayloadOf<typeof Plain>, { value: number }>(true),
  same<ResultOf<typeof Plain>, string>(true),
  same<PayloadOf<typeof CleanUp>, void>(true),
  same<ResultOf<typeof CleanUp>, unknown>(true),
  same<PayloadOf<typeof Convert>, { amount: string; to: 'eur' | 'usd' }>(false),
];

export const durations: Duration[] = [0, 1_500, '250ms', '5m', '24h', '1.5s', '1 day', '2 hours'];

export const Everything = defineJob('everything', {
  payload: v.object({ id: v.string() }),
  queue: 'mail',
  retry: (attempt, error) => (error.name === 'Fatal' ? false : attempt * 1_000),
  timeout: '5m',
  expiresIn: '1h',
  unique: { key: ({ id }) => id, for: '1m', onConflict: 'replace' },
  tags: ({ id }) => [`id:${id.trim()}`],
  fingerprint: (error) => (error.name === 'Declined' ? error.message : undefined),
  priority: 3,
  keep: { completed: { age: '1h', count: 10 }, dead: { age: '7d' } },
});
export const Never = defineJob<string>('never', {
  retry: false,
  unique: true,
  tags: (text) => [text.trim()],
});

export async function callers(queue: EnqueueService, jobs: JobsService): Promise<unknown> {
  const job: EnqueuedJob = await queue.enqueue(Convert, { amount: '5', to: 'eur' });
  await queue.enqueue(Plain, { value: 1 }, { delay: '10m', retry: { attempts: 3 }, unique: false });
  await queue.enqueue(CleanUp);
  await queue.enqueue(CleanUp, undefined, { runAt: new Date(), signal: AbortSignal.timeout(1_000) });
  await queue.enqueueMany(Plain, [{ value: 1 }, { payload: { value: 2 }, options: { id: 'two' } }]);
  await queue.enqueueMany(Plain, new Set([{ value: 1 }]), { delay: 5 });
  const { paidAt } = await queue.enqueueAndWait(Convert, { amount: '5', to: 'usd' }, { waitFor: '10s' });
  const text: string = await jobs.waitFor<string>(job, { timeout: '10s' });
  const year: number = paidAt.getFullYear();
  return [year, text, await jobs.get(job.id), await jobs.get({ id: job.id, name: job.name })];
}

export class Processor {
  @ProcessJob(Convert)
  async convert({ amount, to }: PayloadOf<typeof Convert>, ctx: JobContext) {
    await ctx.progress(amount);
    await ctx.progress({ to });
    if (ctx.signal.aborted) throw new Snooze('1h');
    if (amount < 0) throw new Discard('negative');
    if (ctx.attempt > 2) throw new RetryLater('10m', { cause: new Error('busy') });
    return { paidAt: new Date().toISOString() };
  }

  @ProcessJob(Plain)
  plain({ value }: PayloadOf<typeof Plain>): string {
    return String(value);
  }

  @ProcessJob(CleanUp)
  cleanUp(): void {}
}

export const modules = [
  ScalrQueueModule.forRoot(),
  ScalrQueueModule.forRoot({
    app: 'billing',
    redis: { url: 'redis://h', tls: true },
    queues: { mail: { concurrency: 20, rateLimit: { max: 100, per: '1m' } } },
    worker: { lockDuration: '30s', stalledInterval: 5_000, maxCrashes: 3 },
  }),
  ScalrQueueModule.forRootAsync({
    inject: ['CONFIG'],
    useFactory: (config: { url: string }) => ({ redis: config.url }),
  }),
];

export const worker = () =>
  runWorker(class AppModule {}, { port: 0, shutdownTimeout: '10s', queues: ['mail'] });

interface Tree {
  name: string;
  children?: Tree[];
}
type Branded = string & { readonly __brand: 'id' };

/** Payload types whose values survive JSON, or of which TypeScript cannot tell. */
export const storable = [
  defineJob<{ id: Branded; kind: 'a' | 'b'; note?: string; tags: readonly string[] | null }>('a'),
  defineJob<Tree>('a'),
  defineJob<[string, number]>('a'),
  defineJob<Record<string, unknown>>('a'),
  defineJob<unknown>('a'),
  defineJob<string | undefined>('a', { unique: true }),
  defineJob('a', {
    payload: v.object({
      at: v.pipe(
        v.string(),
        v.transform((text) => new Date(text)),
      ),
    }),
  }),
  defineJob('a', { payload: v.any() }),
];

interface Manager {
  save(row: object): Promise<void>;
}

/** What is done once, with its result, and items with their types. */
export async function effects(ctx: JobContext, queue: EnqueueService): Promise<unknown> {
  const charge: { id: string } = await ctx.once('charge', async ({ idempotencyKey }) => ({
    id: idempotencyKey,
  }));
  const mail: number = await ctx.once('mail', () => 1, {
    onUnknown: ({ since }) => (since ? { result: 2 } : 'run'),
  });
  for await (const row of ctx.each('rows', async (after?: number) => [{ id: 1, after }], {
    cursor: ({ id }) => id,
  })) {
    const id: number = row.id;
    await ctx.log(id);
  }
  const left: number = await ctx.tx(async (tx) => {
    const { rows } = await tx.query<{ left: number }>('select 1 as left', [mail]);
    await queue.enqueue(Plain, { value: 1 }, { tx });
    return rows[0]!.left;
  });
  await ctx.tx((manager: Manager) => manager.save(charge), { key: 'charge' });
  return left;
}
