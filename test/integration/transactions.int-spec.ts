import {
  defineJob,
  DeadLetterService,
  EnqueueService,
  type JobContext,
  JobEvents,
  JobsService,
} from 'scalr-queue';
import { postgresOutbox, type PostgresOutboxOptions, typeormAdapter } from 'scalr-queue/outbox';
import { handlerOf } from '../conformance/driver.js';
import { startBoth } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { outboxDatabase } from '../support/outbox.js';

const Pay = defineJob<{ amount: number }>('pay', { retry: { attempts: 3, delay: 20 }, timeout: '30s' });
const Hasty = defineJob<{ amount: number }>('hasty', { retry: { attempts: 2, delay: 20 }, timeout: '1s' });
const Tell = defineJob<number>('tell');

/** An app with one account, whose handlers take from it. */
async function bank(
  act: (context: JobContext, queue: EnqueueService) => unknown,
  options: PostgresOutboxOptions = {},
) {
  const database = await outboxDatabase();
  await database.query('create table account (balance integer not null check (balance >= 0))');
  await database.query('insert into account values (100)');
  const told: number[] = [];
  let queue: EnqueueService | undefined;
  const providers = [Pay, Hasty].map((definition) =>
    handlerOf(definition, (_payload, ctx) => act(ctx, queue!)),
  );
  const outbox = postgresOutbox({ url: database.url, ...options });
  const app = await startBoth({
    outbox,
    providers: [...providers, handlerOf(Tell, (n) => void told.push(n))],
  });
  ({ queue } = app);
  const ended = (id: string, state: string) =>
    eventually(async () => {
      const info = await app.get(JobsService).get(id);
      expect(info?.state).toBe(state);
      return info!;
    });
  const balance = async () => (await database.query('select balance from account'))[0]?.balance;
  const receipts = async () => (await database.query('select 1 from scalr_queue.receipt')).length;
  return { ...app, queue, database, outbox, told, ended, balance, receipts };
}

const take = (
  ctx: JobContext,
  more: (tx: { query(text: string): Promise<unknown> }) => unknown = () => undefined,
) =>
  ctx.tx(async (tx) => {
    await tx.query('update account set balance = balance - 10');
    return more(tx);
  });

describe('ctx.tx', () => {
  it('commits what the handler writes and enqueues together, once over all retries, by hand too', async () => {
    const { queue, ended, balance, receipts, told, get } = await bank(async (ctx, jobs) => {
      const left = await ctx.tx(async (tx) => {
        const { rows } = await tx.query<{ balance: number }>(
          'update account set balance = balance - $1 returning balance',
          [10],
        );
        await jobs.enqueue(Tell, rows[0]!.balance, { tx });
        return rows[0]!.balance;
      });
      expect(left).toBe(90);
      throw new Error('after the commit');
    });
    const { id } = await queue.enqueue(Pay, { amount: 10 });

    expect(await ended(id, 'dead')).toMatchObject({ attempt: 3 });
    await get(DeadLetterService).retry(id);
    await eventually(() => expect(told).toEqual([90]));
    await ended(id, 'dead');

    expect(await balance()).toBe(90);
    expect(await receipts()).toBe(1);
    expect(told).toEqual([90]);
  });

  it('leaves nothing of work that throws', async () => {
    const { queue, ended, balance, receipts, told } = await bank((ctx, jobs) =>
      take(ctx, async (tx) => {
        await jobs.enqueue(Tell, ctx.attempt, { tx });
        if (ctx.attempt === 1) throw new Error('before the commit');
      }),
    );
    const { id } = await queue.enqueue(Pay, { amount: 10 });

    expect(await ended(id, 'completed')).toMatchObject({ attempt: 2 });
    await eventually(() => expect(told).toEqual([2]));
    expect(await balance()).toBe(90);
    expect(await receipts()).toBe(1);
  });

  it('fails where work has swallowed an error of PostgreSQL, which undoes the transaction', async () => {
    const { queue, ended, balance, receipts } = await bank((ctx) =>
      take(ctx, (tx) => tx.query('select 1 / 0').catch(() => undefined)),
    );
    const { id } = await queue.enqueue(Pay, { amount: 10 }, { retry: false });

    expect((await ended(id, 'dead')).error?.message).toContain('current transaction is aborted');
    expect(await balance()).toBe(100);
    expect(await receipts()).toBe(0);
  });

  it('lets nothing through of work that goes on after its time', async () => {
    let late: Promise<unknown> | undefined;
    const { queue, ended, balance, receipts } = await bank((ctx) =>
      take(ctx, (tx) => {
        if (ctx.attempt > 1) return undefined;
        // It waits for the end of the attempt, and does not stop at it.
        const aborted = new Promise((resolve) => ctx.signal.addEventListener('abort', resolve));
        late = aborted.then(() => tx.query('update account set balance = balance - 50'));
        late.catch(() => undefined);
        return late;
      }),
    );
    const { id } = await queue.enqueue(Hasty, { amount: 10 });

    expect(await ended(id, 'completed')).toMatchObject({ attempt: 2 });
    await expect(late).rejects.toThrow();
    expect(await balance()).toBe(90);
    expect(await receipts()).toBe(1);
  });

  it('waits, with no attempt used and without a connection, for another run that is at it', async () => {
    let begun = (): void => undefined;
    let finish = (): void => undefined;
    const first = new Promise<void>((resolve) => (begun = resolve));
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const { app, queue, worker, ended, balance, outbox, get } = await bank((ctx) =>
      take(ctx, () => ctx.attempt),
    );
    const postponed = vi.fn();
    worker.context.get(JobEvents, { strict: false }).on('postponed', postponed);
    // As the run of a worker that was cut off from Redis has it.
    const { id } = await queue.enqueue(Pay, { amount: 10 }, { delay: '2s' });
    const { enqueuedAt } = (await get(JobsService).get(id))!;
    const receipt = { app, jobId: `pay~${id}@${enqueuedAt.getTime()}`, key: 'tx' };
    const other = outbox.once(
      receipt,
      async () => {
        begun();
        await finished;
        return '"of the other"';
      },
      new AbortController().signal,
    );
    await first;
    await eventually(() => expect(postponed).toHaveBeenCalled());
    finish();

    expect(await other).toEqual({ state: 'ran', result: '"of the other"' });
    expect(await ended(id, 'completed')).toMatchObject({ attempt: 1, result: 'of the other' });
    expect(await balance()).toBe(100);
  });

  it('lets its client be used for enqueue, though the outbox has the adapter of another library', async () => {
    const { queue, ended, told } = await bank(
      (ctx, jobs) => ctx.tx(async (tx) => (await jobs.enqueue(Tell, 1, { tx })).status),
      { adapter: typeormAdapter() },
    );
    const { id } = await queue.enqueue(Pay, { amount: 10 });
    expect(await ended(id, 'completed')).toMatchObject({ result: 'recorded' });
    await eventually(() => expect(told).toEqual([1]));
  });

  it('needs an outbox, and says so before anything runs', async () => {
    let runs = 0;
    const handler = handlerOf(Pay, (_payload, ctx) => ctx.tx(() => runs++));
    const { queue, jobs } = await startBoth({ providers: [handler] });
    const { id } = await queue.enqueue(Pay, { amount: 1 }, { retry: false });
    await eventually(async () =>
      expect((await jobs.get(id))?.error).toMatchObject({
        name: 'QueueConfigError',
        message:
          'ctx.tx needs an outbox, and the app has none: give ScalrQueueModule.forRoot({ outbox: postgresOutbox({ … }) }), of scalr-queue/outbox',
      }),
    );
    expect(runs).toBe(0);
  });
});
