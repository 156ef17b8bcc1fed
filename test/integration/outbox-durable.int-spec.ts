import { defineJob, JobCancelledError, QueueUnavailableError } from 'scalr-queue';
import { postgresOutbox, type PostgresOutboxOptions } from 'scalr-queue/outbox';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startProducer } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { inTransaction, outboxDatabase, poolOf } from '../support/outbox.js';
import { Charge, Ship, shop, Unique } from '../support/shop.js';

describe('an ambient transaction', () => {
  const ambient = async (strict: boolean) => {
    let current: unknown;
    const app = await shop({
      strict,
      adapter: {
        statement: (tx) => (text, params) =>
          (tx as { query(...args: unknown[]): Promise<unknown> }).query(text, [...params]),
        transaction: () => current,
      },
    });
    const within = (work: () => Promise<unknown>) =>
      inTransaction(app.pool, async (tx) => {
        current = tx;
        try {
          await work();
        } finally {
          current = undefined;
        }
      });
    return { ...app, within };
  };

  it('is joined by a plain enqueue, and left alone with tx: false', async () => {
    const { queue, within, rows } = await ambient(false);
    await within(async () => {
      expect(await queue.enqueue(Ship, { order: 1 })).toMatchObject({ status: 'recorded' });
      expect(await queue.enqueue(Ship, { order: 2 }, { tx: false })).toMatchObject({ status: 'created' });
    });
    expect(await queue.enqueue(Ship, { order: 3 })).toMatchObject({ status: 'created' });
    expect(await rows()).toHaveLength(1);
    await expect(queue.enqueue(Ship, { order: 4 }, { tx: true })).rejects.toThrow('the outbox knows of none');
  });

  it('refuses a plain enqueue when the outbox is strict', async () => {
    const { queue, within, rows } = await ambient(true);
    await within(async () => {
      await expect(queue.enqueue(Ship, { order: 1 })).rejects.toThrow('the outbox is strict');
      await expect(queue.enqueueMany(Ship, [{ order: 1 }])).rejects.toThrow('the outbox is strict');
      expect(await queue.enqueue(Ship, { order: 1 }, { tx: true })).toMatchObject({ status: 'recorded' });
      expect(await queue.enqueue(Charge, { order: 2 })).toMatchObject({ status: 'recorded' });
    });
    expect(await queue.enqueue(Ship, { order: 3 })).toMatchObject({ status: 'created' });
    expect(await rows()).toHaveLength(2);
  });
});

describe('a durable job', () => {
  it('is recorded by itself, runs, and its row learns of the end', async () => {
    const { queue, producer, work, runs, rows } = await shop();
    const job = await queue.enqueue(Charge, { order: 1 });
    expect(job.status).toBe('recorded');
    expect(await rows()).toMatchObject([{ id: job.id, durable: true, sent_at: null, done_at: null }]);
    await work();
    await eventually(() => expect(runs).toMatchObject([{ id: job.id }]));
    expect(await producer.jobs.get(job)).toMatchObject({ tags: ['order:1'] });
    await eventually(async () => expect(await rows()).toMatchObject([{ done_at: expect.any(Date) as Date }]));
  });

  it('can be waited for', async () => {
    const { queue, work } = await shop();
    await work();
    const result = await queue.enqueueAndWait(Charge, { order: 7 }, { waitFor: '10s' });
    expect(result).toEqual({ charged: 7 });
  });

  it('is recorded as one of many, and by a signal that has aborted not at all', async () => {
    const { queue, rows } = await shop();
    const jobs = await queue.enqueueMany(Charge, [
      { order: 1 },
      { payload: { order: 2 }, options: { id: 'two' } },
    ]);
    expect(jobs).toMatchObject([{ status: 'recorded' }, { id: 'two', status: 'recorded' }]);
    const call = queue.enqueue(Charge, { order: 3 }, { signal: AbortSignal.abort(new Error('enough')) });
    await expect(call).rejects.toThrow('enough');
    expect(await rows()).toHaveLength(2);
  });

  it('is stored as it is, whatever its payload holds', async () => {
    const { database, queue } = await shop();
    const payload = { z: 1e21, a: 'null \u0000, 😀, \\ " \' $1', '': [0.1, -0, 1e-7], order: 2 };
    await queue.enqueue(defineJob<typeof payload>('nasty', { durable: true }), payload);
    const [row] = await database.query('select payload::text as text from scalr_queue.outbox');
    expect(row!.text).toBe(JSON.stringify(payload));
  });

  it('that a running one of its key takes over has ended, and the payload is with that', async () => {
    const { database, queue, work } = await shop();
    const Rerun = defineJob<{ n: number }>('rerun', {
      queue: 'none',
      durable: true,
      unique: { key: () => 'one', onConflict: 'rerun' },
    });
    await queue.enqueue(Rerun, { n: 1 });
    await queue.enqueue(Rerun, { n: 2 });
    await work();
    await eventually(async () =>
      expect(
        await database.query(
          'select payload, done_at is not null as done from scalr_queue.outbox order by seq',
        ),
      ).toEqual([
        { payload: { n: 2 }, done: false },
        { payload: { n: 2 }, done: true },
      ]),
    );
  });

  it('that was replaced by another never comes back', async () => {
    const { queue, producer, work, rows } = await shop();
    const first = await queue.enqueue(Unique, { order: 1, text: 'a' }, { delay: '1h' });
    await work();
    await eventually(() => producer.jobs.get(first).then((job) => job !== undefined));
    const second = await queue.enqueue(Unique, { order: 1, text: 'b' }, { delay: '1h' });
    await eventually(() => producer.jobs.get(second).then((job) => job !== undefined));
    await eventually(async () =>
      expect((await rows()).map(({ done_at }) => done_at !== null)).toEqual([true, false]),
    );
  });

  it('that is cancelled before it runs has ended', async () => {
    const { queue, producer, work, rows } = await shop();
    await work();
    const job = await queue.enqueue(Charge, { order: 1 }, { delay: '1h' });
    await eventually(() => producer.jobs.get(job).then((found) => found !== undefined));
    expect(await producer.jobs.cancel(job)).toBe('cancelled');
    await eventually(async () => expect(await rows()).toMatchObject([{ done_at: expect.any(Date) as Date }]));
  });
});

describe('a recorded job that Redis has not heard of', () => {
  it('never runs once it is cancelled, and is dead then as any other', async () => {
    const { queue, producer, pool, work, rows, runs } = await shop();
    const durable = await queue.enqueue(Charge, { order: 1 });
    const shipped = await inTransaction(pool, (tx) => queue.enqueue(Ship, { order: 2 }, { tx, id: 'two' }));
    expect(await producer.jobs.cancel(durable)).toBe('cancelling');
    expect(await producer.jobs.cancel('two')).toBe('cancelling');
    expect(await producer.jobs.cancel('three')).toBe('not-found');
    const kept = await queue.enqueue(Charge, { order: 3 });
    await work();
    await eventually(() => expect(runs).toMatchObject([{ id: kept.id }]));
    for (const job of [durable, shipped]) {
      await expect(producer.jobs.waitFor(job, { timeout: '30s' })).rejects.toBeInstanceOf(JobCancelledError);
      expect(await producer.jobs.get(job)).toMatchObject({ state: 'dead', reason: 'cancelled' });
    }
    await eventually(async () =>
      expect((await rows()).filter(({ done_at }) => done_at === null)).toHaveLength(0),
    );
    expect(runs).toHaveLength(1);
    expect(await producer.jobs.cancel(durable)).toBe('finished');
  });

  it('takes the place of no other once it is cancelled', async () => {
    const { queue, producer, work } = await shop();
    const unsent = await queue.enqueue(Unique, { order: 1, text: 'b' }, { delay: '1h' });
    expect(await producer.jobs.cancel(unsent)).toBe('cancelling');
    const { id } = await queue.enqueue(Unique, { order: 1, text: 'a' }, { delay: '1h', tx: false });
    await work();
    await eventually(async () => expect(await producer.jobs.get(unsent)).toMatchObject({ state: 'dead' }));
    await eventually(async () => expect(await producer.jobs.get(id)).toMatchObject({ state: 'delayed' }));
  });

  it('is cancelled in Redis where that happens while it is sent', async () => {
    const { queue, producer, database, work, rows } = await shop();
    await work();
    const first = await queue.enqueue(Charge, { order: 1 });
    await producer.jobs.waitFor(first, { timeout: '30s' });
    const client = await poolOf(database).connect();
    // Who relays cannot write what it has sent.
    await client.query('begin');
    await client.query('select from scalr_queue.relay for update');
    const job = await queue.enqueue(Charge, { order: 2 }, { delay: '1h' });
    await eventually(async () => expect(await producer.jobs.get(job)).toMatchObject({ state: 'delayed' }));
    await client.query(`update scalr_queue.outbox set tries = -1 where id = '${job.id}'`);
    await client.query('commit');
    client.release();
    await eventually(async () =>
      expect(await producer.jobs.get(job)).toMatchObject({ state: 'dead', reason: 'cancelled' }),
    );
    await eventually(async () =>
      expect((await rows())[1]).toMatchObject({ done_at: expect.any(Date) as Date }),
    );
  });

  it('is cancelled though Redis is down, and others are not said to be', async () => {
    const { app, database, outbox, work, producer, runs } = await shop();
    const away = await startProducer({ app, redis: 'redis://127.0.0.1:1', outbox: outbox() });
    const job = await away.queue.enqueue(Charge, { order: 1 });
    expect(await away.jobs.cancel(job)).toBe('cancelling');
    await expect(away.jobs.cancel('other')).rejects.toBeInstanceOf(QueueUnavailableError);
    await database.query(`insert into scalr_queue.outbox (app, name, id, queue, payload, options)
      values ('${app}', 'a', 'same', 'q', '1', '1'), ('${app}', 'b', 'same', 'q', '1', '1')`);
    await expect(away.jobs.cancel('same')).rejects.toThrow('used by jobs of "a" and "b": pass { id, name }');
    await work();
    await eventually(async () => expect(await producer.jobs.get(job)).toMatchObject({ state: 'dead' }));
    expect(runs).toEqual([]);
  });
});

describe('the boot', () => {
  it('fails with the command that makes the tables', async () => {
    const database = await outboxDatabase('other');
    const start = (options: PostgresOutboxOptions) => startProducer({ outbox: postgresOutbox(options) });
    await expect(start({ url: database.url })).rejects.toThrow(
      /^the outbox has no tables in the schema "scalr_queue" of PostgreSQL: run npx scalr-queue outbox migrate$/,
    );
    await start({ url: database.url, schema: 'other' });
  });

  it('fails with the command that mends another version, or missing rights', async () => {
    const database = await outboxDatabase();
    const start = (url = database.url) => startProducer({ outbox: postgresOutbox({ url }) });
    await database.query('insert into scalr_queue.migration (version) values (99)');
    await expect(start()).rejects.toThrow(
      /have version 99, and this release .* works with 2: run npm install/,
    );
    await database.query('delete from scalr_queue.migration where version > 1');
    await expect(start()).rejects.toThrow(/have version 1, .*: run npx scalr-queue outbox migrate$/);
    await database.query('insert into scalr_queue.migration (version) values (2)');
    const role = `poor_${database.name.slice(-12)}`;
    await database.query(`create role ${role} login password 'x'`);
    onTestFinished(async () => void (await database.query(`drop owned by ${role}; drop role ${role}`)));
    const url = new URL(database.url);
    [url.username, url.password] = [role, 'x'];
    await expect(start(url.href)).rejects.toThrow(
      `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA scalr_queue TO ${role};`,
    );
    await database.query(
      `grant usage on schema scalr_queue to ${role}; grant select, insert, update, delete on all tables in schema scalr_queue to ${role}`,
    );
    await start(url.href);
  });

  it('does not wait for a PostgreSQL that is away', async () => {
    const { queue } = await startProducer({
      outbox: postgresOutbox({ url: 'postgres://nobody@127.0.0.1:1/none' }),
    });
    await expect(queue.enqueue(Charge, { order: 1 })).rejects.toMatchObject({
      code: 'QUEUE_UNAVAILABLE',
      message: expect.stringContaining('PostgreSQL cannot be used') as string,
    });
  });
});
