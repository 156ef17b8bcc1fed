import { type EnqueueOptions, InvalidOptionError, PayloadInvalidError, QueueConfigError } from 'scalr-queue';
import { postgresOutbox } from 'scalr-queue/outbox';
import { describe, expect, it } from 'vitest';
import { startProducer, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { inTransaction } from '../support/outbox.js';
import { Charge, Ship, shop } from '../support/shop.js';

describe('a job with tx', () => {
  it('runs after the commit, with the id that was known before', async () => {
    const { pool, queue, work, runs } = await shop();
    await work();
    const job = await inTransaction(pool, async (tx) => {
      const recorded = await queue.enqueue(Ship, { order: 1 }, { tx });
      await tx.query('select pg_sleep(0.5)');
      expect(runs).toEqual([]);
      return recorded;
    });
    expect(job).toEqual({ id: job.id, name: 'order.ship', queue: 'orders', status: 'recorded' });
    await eventually(() => expect(runs).toMatchObject([{ name: 'order.ship', id: job.id, order: 1 }]));
  });

  it('is not there after a rollback, nor after one to a savepoint', async () => {
    const { pool, queue, work, runs, rows } = await shop();
    await work();
    const failing = inTransaction(pool, async (tx) => {
      await queue.enqueue(Ship, { order: 1 }, { tx });
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    await inTransaction(pool, async (tx) => {
      await queue.enqueue(Ship, { order: 2 }, { tx });
      await tx.query('savepoint here');
      await queue.enqueueMany(Ship, [{ order: 3 }, { order: 4 }], { tx });
      await tx.query('rollback to savepoint here');
    });
    await eventually(() => expect(runs.map(({ order }) => order)).toEqual([2]));
    expect(await rows()).toHaveLength(1);
  });

  it('leaves a row that has ended once it is sent', async () => {
    const { pool, queue, work, rows } = await shop();
    await work();
    await inTransaction(pool, (tx) => queue.enqueue(Ship, { order: 1 }, { tx }));
    await eventually(async () =>
      expect(await rows()).toMatchObject([
        { durable: false, sent_at: expect.any(Date) as Date, done_at: expect.any(Date) as Date },
      ]),
    );
  });

  it('comes in the order in which it was recorded', async () => {
    const { pool, queue, work, runs } = await shop();
    const orders = Array.from({ length: 120 }, (_, order) => order);
    for (const order of orders.slice(0, 12))
      await inTransaction(pool, (tx) => queue.enqueue(Ship, { order }, { tx }));
    const rest = orders.slice(12).map((order) => ({ order }));
    await inTransaction(pool, (tx) => queue.enqueueMany(Ship, rest, { tx }));
    await work({ concurrency: 1 });
    await eventually(() => expect(runs.map(({ order }) => order)).toEqual(orders));
  });

  it('is one of many that a statement records', async () => {
    const { pool, queue, work, runs, rows } = await shop();
    const orders = Array.from({ length: 2_500 }, (_, order) => ({ order }));
    const jobs = await inTransaction(pool, (tx) => queue.enqueueMany(Ship, orders, { tx }));
    expect(jobs.map(({ status }) => status)).toEqual(orders.map(() => 'recorded'));
    expect((await rows()).map(({ id }) => id)).toEqual(jobs.map(({ id }) => id));
    await work();
    await eventually(() => expect(runs).toHaveLength(2_500), { timeout: 30_000 });
    expect(new Set(runs.map(({ id }) => id))).toEqual(new Set(jobs.map(({ id }) => id)));
  });

  it('is checked before anything is written', async () => {
    const { pool, queue, rows } = await shop();
    await inTransaction(pool, async (tx) => {
      await expect(queue.enqueue(Ship, { order: 0.5 }, { tx })).rejects.toBeInstanceOf(PayloadInvalidError);
      const many = queue.enqueueMany(Ship, [{ order: 1 }, { order: 'x' as never }], { tx });
      await expect(many).rejects.toThrow('item 1 of enqueueMany');
      const wrong = queue.enqueue(Ship, { order: 1 }, { tx, delay: 'soon' as never });
      await expect(wrong).rejects.toBeInstanceOf(InvalidOptionError);
    });
    expect(await rows()).toEqual([]);
  });

  it('keeps what the call gives: delay, priority, expiry, retries, timeout, id', async () => {
    const { pool, queue, producer, work } = await shop();
    const options: EnqueueOptions = {
      id: 'chosen',
      delay: '1h',
      priority: 7,
      expiresIn: '2h',
      retry: { attempts: 3 },
    };
    const before = Date.now();
    const job = await inTransaction(pool, (tx) => queue.enqueue(Ship, { order: 1 }, { ...options, tx }));
    const after = Date.now();
    expect(job.id).toBe('chosen');
    await work();
    const info = await eventually(async () => (await producer.jobs.get(job)) ?? false);
    expect(info).toMatchObject({ id: 'chosen', state: 'delayed', maxAttempts: 3 });
    const runAt = (info as { runAt: Date }).runAt.getTime();
    expect(runAt).toBeGreaterThanOrEqual(before + 3_600_000);
    expect(runAt).toBeLessThanOrEqual(after + 3_600_000);
  });

  it('starts when its time is over, though Redis got it later', async () => {
    const { pool, queue, producer, work, runs } = await shop();
    const runAt = new Date(Date.now() + 300);
    await inTransaction(pool, (tx) => queue.enqueue(Ship, { order: 1 }, { tx, runAt }));
    await inTransaction(pool, (tx) => queue.enqueue(Ship, { order: 2 }, { tx, expiresIn: 200 }));
    await eventually(() => Date.now() > runAt.getTime() + 100);
    await work();
    await eventually(() => expect(runs).toMatchObject([{ order: 1 }]));
    await eventually(async () =>
      expect(await producer.jobs.list({ state: 'dead' })).toMatchObject({ jobs: [{ reason: 'expired' }] }),
    );
  });

  it('makes one job of an id that is recorded twice', async () => {
    const { pool, queue, work, runs, rows } = await shop();
    await inTransaction(pool, async (tx) => {
      await queue.enqueue(Ship, { order: 1 }, { tx, id: 'one' });
      await queue.enqueue(Ship, { order: 2 }, { tx, id: 'one' });
    });
    await work();
    await eventually(() => expect(runs).toMatchObject([{ id: 'one', order: 1 }]));
    expect(await rows()).toHaveLength(1);
  });

  it('is not lost when its transaction commits after later ones', async () => {
    const { pool, queue, work, runs } = await shop();
    await work();
    await inTransaction(pool, async (late) => {
      await queue.enqueue(Ship, { order: 1 }, { tx: late });
      await inTransaction(pool, (tx) => queue.enqueue(Ship, { order: 2 }, { tx }));
      await eventually(() => expect(runs).toMatchObject([{ order: 2 }]));
    });
    await eventually(() => expect(runs.map(({ order }) => order)).toEqual([2, 1]));
  });

  it.each([
    ['a pool', (pool: unknown) => pool],
    ['something else', () => ({ manager: 1 })],
    ['null', () => null],
  ])('is refused with a sentence when tx is %s', async (_, tx) => {
    const { pool, queue, rows } = await shop();
    const call = queue.enqueue(Ship, { order: 1 }, { tx: tx(pool) });
    await expect(call).rejects.toThrow(
      /^expected tx to be a client of pg on which BEGIN has run, not the pool, got: (an object|null)\. Nothing was recorded\./,
    );
    expect(await rows()).toEqual([]);
  });

  it('is refused when the client is in no transaction', async () => {
    const { pool, queue } = await shop();
    const client = await pool.connect();
    await expect(queue.enqueue(Ship, { order: 1 }, { tx: client })).rejects.toThrow('on which BEGIN has run');
    client.release();
  });

  it('is refused by enqueueAndWait, and for one item of many', async () => {
    const { pool, queue } = await shop();
    await inTransaction(pool, async (tx) => {
      const waiting = queue.enqueueAndWait(Ship, { order: 1 }, { tx, waitFor: '1s' });
      await expect(waiting).rejects.toThrow('enqueueAndWait cannot be used in a transaction');
      const item = { payload: { order: 1 }, options: { tx } as never };
      await expect(queue.enqueueMany(Ship, [item])).rejects.toThrow('expected tx to be given for all items');
    });
  });

  it('is refused where the app has no outbox', async () => {
    const { queue } = await startProducer({});
    await expect(queue.enqueue(Ship, { order: 1 }, { tx: {} })).rejects.toThrow(
      /^enqueue was given tx, and the app has no outbox: give ScalrQueueModule\.forRoot\(\{ outbox/,
    );
    await expect(queue.enqueue(Charge, { order: 1 })).rejects.toBeInstanceOf(QueueConfigError);
  });

  it('belongs to one of two apps in one database', async () => {
    const first = await shop();
    const second = await startProducer({
      app: uniqueApp(),
      outbox: postgresOutbox({ url: first.database.url }),
    });
    await first.work();
    await inTransaction(first.pool, async (tx) => {
      await second.queue.enqueue(Ship, { order: 2 }, { tx, id: 'same' });
      await first.queue.enqueue(Ship, { order: 1 }, { tx, id: 'same' });
    });
    await eventually(() => expect(first.runs).toMatchObject([{ id: 'same', order: 1 }]));
    await eventually(async () =>
      expect((await first.rows()).map(({ sent_at }) => sent_at !== null)).toEqual([false, true]),
    );
  });
});
