import { Injectable } from '@nestjs/common';
import { defineJob, InvalidOptionError, ProcessJob, QueueConfigError } from 'scalr-queue';
import { migrationSql, postgresOutbox } from 'scalr-queue/outbox';
import { startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { libraries } from '../support/libraries/libraries.js';
import { Database } from '../support/postgres.js';
import { Ship } from '../support/shop.js';

const Refund = defineJob<{ note: string }>('order.refund');

/** A database with the tables of the outbox and those of apps, and a library that works with it. */
async function open(name: string) {
  const database = await Database.create();
  await database.query(migrationSql('scalr_queue'));
  await database.query('create table orders (app text, id text)');
  const library = await libraries[name]!(database.url);
  const close = async () => {
    await library.close();
    await database[Symbol.asyncDispose]();
  };
  return { database, library, close };
}

type Opened = Awaited<ReturnType<typeof open>>;

/** An app on a database, with a library. */
async function appWith({ database, library }: Pick<Opened, 'database' | 'library'>) {
  const { url } = database;
  const app = uniqueApp();
  const outbox = () => postgresOutbox({ url, adapter: library.adapter });
  const { queue } = await startProducer({ app, outbox: outbox() });
  const own = async (text: string, column: string) =>
    (await database.query(text, [app])).map((row) => row[column]);
  const recorded = () => own('select payload from scalr_queue.outbox where app = $1 order by seq', 'payload');
  const orders = () => own('select id from orders where app = $1 order by id', 'id');
  const order = (tx: unknown, id: string) => library.run(tx, `insert into orders values ('${app}', '${id}')`);
  return { app, library, queue, outbox, recorded, orders, order };
}

describe.each(Object.keys(libraries))('a transaction of %s', (name) => {
  let opened: Opened;
  beforeAll(async () => {
    opened = await open(name);
  });
  afterAll(() => opened.close());

  it('commits a job with what else it writes', async () => {
    const { library, queue, recorded, orders, order } = await appWith(opened);

    const job = await library.transaction(async (tx) => {
      await order(tx, 'a');
      const one = await queue.enqueue(Ship, { order: 1 }, { tx });
      await queue.enqueueMany(Ship, [{ order: 2 }, { order: 3 }], { tx });
      expect(await recorded()).toEqual([]); // Nobody else sees them yet.
      return one;
    });

    expect(job.status).toBe('recorded');
    expect(await orders()).toEqual(['a']);
    expect(await recorded()).toEqual([{ order: 1 }, { order: 2 }, { order: 3 }]);
  });

  it('rolls it back with what else it writes', async () => {
    const { library, queue, recorded, orders, order } = await appWith(opened);

    const failing = library.transaction(async (tx) => {
      await order(tx, 'a');
      await queue.enqueue(Ship, { order: 1 }, { tx });
      throw new Error('no stock');
    });

    await expect(failing).rejects.toThrow('no stock');
    expect(await orders()).toEqual([]);
    expect(await recorded()).toEqual([]);
  });

  it('rolls it back to a savepoint, and keeps what came before', async () => {
    const { library, queue, recorded, orders, order } = await appWith(opened);

    await library.transaction(async (tx) => {
      await queue.enqueue(Ship, { order: 1 }, { tx });
      const failing = library.savepoint(tx, async (inner) => {
        await order(inner, 'a');
        await queue.enqueue(Ship, { order: 2 }, { tx: inner });
        throw new Error('no stock');
      });
      await expect(failing).rejects.toThrow('no stock');
      await queue.enqueue(Ship, { order: 3 }, { tx });
    });

    expect(await orders()).toEqual([]);
    expect(await recorded()).toEqual([{ order: 1 }, { order: 3 }]);
  });

  it('hands a payload on as it is', async () => {
    const { library, queue, recorded } = await appWith(opened);
    const note = `$1 ? ?? \\? :name '"; -- \u{1F4E6} \n %s $$`;

    await library.transaction((tx) => queue.enqueue(Refund, { note }, { tx }));

    expect(await recorded()).toEqual([{ note }]);
  });

  it('is not taken for one where it is none', async () => {
    const { library, queue, recorded } = await appWith(opened);

    for (const tx of [library.outside, {}, () => undefined]) {
      const refused = queue.enqueue(Ship, { order: 1 }, { tx });
      await expect(refused).rejects.toThrow(InvalidOptionError);
      await expect(refused).rejects.toThrow(library.adapter.expects);
    }
    expect(await recorded()).toEqual([]);
  });

  it('is told what is missing, through the errors of the library', async () => {
    const { library, queue } = await appWith(opened);

    const failing = library.transaction(async (tx) => {
      await library.run(tx, 'drop table scalr_queue.outbox');
      await queue.enqueue(Ship, { order: 1 }, { tx });
    });

    await expect(failing).rejects.toThrow(QueueConfigError);
    await expect(failing).rejects.toThrow('npx scalr-queue outbox migrate');
  });

  it('has its job run by the worker of its app, beside another app in the same database', async () => {
    const { database } = opened;
    const pgItself = await libraries['pg']!(database.url);
    onTestFinished(async () => void (await pgItself.close()));
    const apps = [await appWith(opened), await appWith({ database, library: pgItself })];
    const started = apps.map(async ({ app, outbox }) => {
      const runs: { order: number }[] = [];
      @Injectable()
      class Shipper {
        @ProcessJob(Ship)
        ship(payload: { order: number }) {
          runs.push(payload);
        }
      }
      await startWorker({ app, outbox: outbox(), providers: [Shipper] });
      return runs;
    });
    const runs = await Promise.all(started);

    await Promise.all(
      apps.map(({ library, queue }, index) =>
        library.transaction((tx) => queue.enqueue(Ship, { order: index }, { tx })),
      ),
    );

    await eventually(() => expect(runs).toEqual([[{ order: 0 }], [{ order: 1 }]]));
  });

  it('is begun for work that is done once', async () => {
    const { once, orders } = await onceWith(opened);

    expect(await once('a')).toEqual({ state: 'ran', result: '"a"' });
    expect(await once('b')).toEqual({ state: 'done', result: '"a"' });
    expect(await orders()).toEqual(['a']);
  });

  it('is not waited for by other work with the same receipt', async () => {
    const { once, orders } = await onceWith(opened);
    const beside: unknown[] = [];

    await once('a', async () => void beside.push(await once('b')));

    expect(beside).toEqual([{ state: 'busy' }]);
    expect(await orders()).toEqual(['a']);
  });

  it('leaves nothing of work that fails, or that swallows an error of PostgreSQL', async () => {
    const { library, once, orders } = await onceWith(opened);

    await expect(once('a', () => Promise.reject(new Error('no stock')))).rejects.toThrow('no stock');
    const swallow = (tx: unknown) => library.run(tx, 'select 1 / 0').catch(() => undefined);
    await expect(once('b', swallow)).rejects.toThrow();
    expect(await orders()).toEqual([]);
    expect(await once('c')).toEqual({ state: 'ran', result: '"c"' });
  });
});

/** Work that is done once: an order, and something more. */
async function onceWith(opened: Opened) {
  const { app, library, outbox, orders, order } = await appWith(opened);
  const made = outbox();
  const once = (id: string, more?: (tx: unknown) => Promise<unknown>) =>
    made.once(
      { app, jobId: 'job', key: 'order' },
      async (tx) => {
        await order(tx, id);
        await more?.(tx);
        return JSON.stringify(id);
      },
      new AbortController().signal,
    );
  return { library, once, orders };
}
