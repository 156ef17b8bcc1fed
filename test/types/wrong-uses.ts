import {
  defineJob,
  type Duration,
  type EnqueueService,
  type JobContext,
  type JobsService,
  type PayloadOf,
  ProcessJob,
  RetryLater,
  ScalrQueueModule,
} from 'scalr-queue';
import { runWorker } from 'scalr-queue/worker';
import { z } from 'zod';
import { CleanUp, Convert, Plain } from './definitions.js';

// Compiled by `npm run typecheck`, never run: each marked line must not compile.
// test/package/type-tests.e2e-spec.ts proves that the marks are looked at.

const payload = z.object({ id: z.string() });

export const definitions = [
  // @ts-expect-error a job has a name
  defineJob(),
  // @ts-expect-error the name is a text
  defineJob(5),
  // @ts-expect-error a schema is not a plain object
  defineJob('a', { payload: { id: 'string' } }),
  // @ts-expect-error unknown option
  defineJob('a', { payload, timout: '5m' }),
  // @ts-expect-error unknown option, without a schema
  defineJob<string>('a', { attempts: 3 }),
  // @ts-expect-error a number in a text is no duration
  defineJob('a', { payload, timeout: '5000' }),
  // @ts-expect-error no unit of time
  defineJob('a', { payload, expiresIn: '5 parsecs' }),
  // @ts-expect-error mistyped key of retry
  defineJob('a', { payload, retry: { attemps: 3 } }),
  // @ts-expect-error retry is false, options or a function
  defineJob('a', { payload, retry: true }),
  // @ts-expect-error a retry function gives a duration or false
  defineJob('a', { payload, retry: () => 'soon' }),
  // @ts-expect-error the key is made of the payload
  defineJob('a', { payload, unique: { key: ({ ids }) => String(ids) } }),
  // @ts-expect-error tags are made of the payload
  defineJob('a', { payload, tags: ({ ids }) => [String(ids)] }),
  // @ts-expect-error tags are texts
  defineJob('a', { payload, tags: () => [1] }),
  // @ts-expect-error a fingerprint is a text
  defineJob('a', { payload, fingerprint: () => 1 }),
  // @ts-expect-error tags are there at once
  defineJob('a', { payload, tags: async () => ['a'] }),
  // @ts-expect-error one of keep and replace
  defineJob('a', { payload, unique: { onConflict: 'drop' } }),
];

export const durations: Duration[] = [
  // @ts-expect-error no unit
  '5000',
  // @ts-expect-error unknown unit
  '5 fortnights',
  // @ts-expect-error no number
  'm',
  // @ts-expect-error two units
  '1h30m',
];

export async function callers(queue: EnqueueService, jobs: JobsService): Promise<void> {
  // @ts-expect-error the name is not the definition
  await queue.enqueue('convert', { amount: '5', to: 'eur' });
  // @ts-expect-error the payload is missing
  await queue.enqueue(Convert);
  // @ts-expect-error enqueue takes the input of the schema, not its output
  await queue.enqueue(Convert, { amount: 5, to: 'eur' });
  // @ts-expect-error a value that the schema does not know
  await queue.enqueue(Convert, { amount: '5', to: 'gbp' });
  // @ts-expect-error a key is missing
  await queue.enqueue(Convert, { amount: '5' });
  // @ts-expect-error an unknown key
  await queue.enqueue(Plain, { value: 5, other: 1 });
  // @ts-expect-error a wrong payload without a schema
  await queue.enqueue(Plain, { value: '5' });
  // @ts-expect-error a payload for a job that has none
  await queue.enqueue(CleanUp, { value: 5 });
  // @ts-expect-error unknown option
  await queue.enqueue(Plain, { value: 5 }, { dealy: '5m' });
  // @ts-expect-error wrong duration
  await queue.enqueue(Plain, { value: 5 }, { delay: '5000' });
  // @ts-expect-error a function cannot be stored with one job
  await queue.enqueue(Plain, { value: 5 }, { retry: () => '5m' });
  // @ts-expect-error runAt is a Date
  await queue.enqueue(Plain, { value: 5 }, { runAt: '2030-01-01' });
  // @ts-expect-error an id is a text
  await queue.enqueue(Plain, { value: 5 }, { id: 5 });
  // @ts-expect-error a wrong payload among many
  await queue.enqueueMany(Plain, [{ value: 5 }, { value: '5' }]);
  // @ts-expect-error one id for all
  await queue.enqueueMany(Plain, [{ value: 5 }], { id: 'a' });
  // @ts-expect-error not many
  await queue.enqueueMany(Plain, { value: 5 });
  // @ts-expect-error how long to wait is forgotten
  await queue.enqueueAndWait(Plain, { value: 5 });
  // @ts-expect-error how long to wait is forgotten, options or not
  await queue.enqueueAndWait(Plain, { value: 5 }, { delay: 5 });
  // @ts-expect-error the result is a text
  const wrong: number = await queue.enqueueAndWait(Plain, { value: 5 }, { waitFor: '1s' });
  // @ts-expect-error the timeout of the wait is forgotten
  await jobs.waitFor('id');
  // @ts-expect-error the timeout of the wait is forgotten, options or not
  await jobs.waitFor('id', {});
  // @ts-expect-error two definitions can have the same id: the name is needed too
  await jobs.get({ id: String(wrong) });
}

export class Processor {
  // @ts-expect-error a handler returns the input of the result schema
  @ProcessJob(Convert)
  wrongResult() {
    return { paidAt: 5 };
  }

  // @ts-expect-error a handler returns the result
  @ProcessJob(Plain)
  noResult(): void {}

  // @ts-expect-error a promise of a wrong result
  @ProcessJob(Plain)
  async wrongPromise() {
    return 5;
  }

  // @ts-expect-error a handler gets the output of the schema
  @ProcessJob(Convert)
  wrongPayload(_payload: { amount: string }) {
    return { paidAt: '' };
  }

  // @ts-expect-error the payload of another job
  @ProcessJob(Plain)
  otherPayload(_payload: PayloadOf<typeof Convert>): string {
    return '';
  }

  // @ts-expect-error a definition, not a name
  @ProcessJob('plain')
  byName(): string {
    return '';
  }
}

export const signals = [
  // @ts-expect-error wrong duration
  new RetryLater('5000'),
];

export const modules = [
  // @ts-expect-error unknown option
  ScalrQueueModule.forRoot({ prefix: 'x' }),
  // @ts-expect-error unknown option of a queue
  ScalrQueueModule.forRoot({ queues: { mail: { concurency: 5 } } }),
  // @ts-expect-error an option of the client that the library sets itself
  ScalrQueueModule.forRoot({ redis: { host: 'h', keyPrefix: 'x' } }),
  // @ts-expect-error wrong duration
  ScalrQueueModule.forRoot({ worker: { lockDuration: '30' } }),
];

// @ts-expect-error unknown option
export const worker = () => runWorker(class AppModule {}, { ports: 0 });

class Money {
  constructor(readonly cents: number) {}
  plus(other: Money): Money {
    return new Money(this.cents + other.cents);
  }
}

export const unstorable = [
  // @ts-expect-error JSON has no dates
  defineJob<{ at: Date }>('a'),
  // @ts-expect-error nor deep inside, nor where they are optional
  defineJob<{ rows: { at?: Date | null }[] }>('a', { queue: 'mail' }),
  // @ts-expect-error an instance of a class, such as a Decimal, comes out as something else
  defineJob<{ price: Money }>('a'),
  // @ts-expect-error the payload itself
  defineJob<Money>('a'),
  // @ts-expect-error a Map is a class as well
  defineJob<{ rows: Map<string, number> }>('a'),
  // @ts-expect-error and so are bytes
  defineJob<{ bytes: Uint8Array }>('a'),
  // @ts-expect-error JSON has no bigint
  defineJob<{ id: bigint }>('a'),
  // @ts-expect-error the input of the schema is a date, which enqueue would refuse
  defineJob('a', { payload: z.object({ at: z.date() }) }),
  // @ts-expect-error also among others
  defineJob('a', { payload: z.object({ at: z.union([z.string(), z.date()]) }), queue: 'mail' }),
  // @ts-expect-error an instance of a class
  defineJob('a', { payload: z.object({ price: z.instanceof(Money) }) }),
];

export async function effects(ctx: JobContext): Promise<void> {
  // @ts-expect-error an effect has a key
  await ctx.once(() => 1);
  // @ts-expect-error no such answer
  await ctx.once('charge', () => 1, { onUnknown: 'retry' });
  // @ts-expect-error the other side knows a result of the same type
  await ctx.once('charge', () => 1, { onUnknown: () => ({ result: 'one' }) });
  // @ts-expect-error the cursor is made of an item
  for await (const _row of ctx.each('rows', [{ id: 1 }], { cursor: ({ key }) => key }));
  // @ts-expect-error a transaction is given to a function
  await ctx.tx('insert');
  // @ts-expect-error a client of pg unless its type is named
  await ctx.tx((tx) => tx.save({}));
  // @ts-expect-error mistyped option
  await ctx.tx(() => 1, { kee: 'a' });
}
