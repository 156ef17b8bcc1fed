import { Injectable } from '@nestjs/common';
import { ClsPluginTransactional, Transactional, TransactionHost } from '@nestjs-cls/transactional';
import { ClsModule } from 'nestjs-cls';
import type pg from 'pg';
import { EnqueueService, InvalidOptionError } from 'scalr-queue';
import { postgresOutbox, type PostgresOutboxOptions } from 'scalr-queue/outbox';
import { startProducer } from '../support/apps.js';
import { inTransaction, outboxDatabase, poolOf } from '../support/outbox.js';
import { Charge, Ship } from '../support/shop.js';

/** As those that the project has for each database library. */
class PgTransactions {
  readonly connectionToken = 'POOL';
  readonly optionsFactory = (pool: pg.Pool) => ({
    wrapWithTransaction: <T>(_: unknown, work: () => Promise<T>, set: (tx?: pg.PoolClient) => void) =>
      inTransaction(pool, (client) => {
        set(client);
        return work();
      }),
    getFallbackInstance: () => pool,
  });
}

@Injectable()
class Orders {
  constructor(
    private readonly jobs: EnqueueService,
    private readonly host: TransactionHost,
  ) {}

  @Transactional()
  async place(id: string, failure?: Error) {
    await this.insert(id);
    const job = await this.jobs.enqueue(Ship, { order: 1 });
    if (failure) throw failure;
    return job;
  }

  @Transactional()
  async told(tx: true | false) {
    return this.jobs.enqueue(Ship, { order: 1 }, { tx });
  }

  insert(id: string) {
    return (this.host.tx as pg.Pool).query('insert into orders values ($1)', [id]);
  }
}

async function app(options: PostgresOutboxOptions = {}) {
  const database = await outboxDatabase();
  await database.query('create table orders (id text primary key)');
  const pool = poolOf(database);
  class Database {}
  const connection = {
    module: Database,
    providers: [{ provide: 'POOL', useValue: pool }],
    exports: ['POOL'],
  };
  const outbox = postgresOutbox({ pool, ...options });
  const { context, queue } = await startProducer({
    outbox,
    imports: [
      ClsModule.forRoot({
        plugins: [new ClsPluginTransactional({ imports: [connection], adapter: new PgTransactions() })],
      }),
    ],
    providers: [Orders],
  });
  const ids = async () => (await database.query('select id from orders')).map(({ id }) => id);
  const recorded = async () =>
    (await database.query('select id from scalr_queue.outbox')).map(({ id }) => id);
  return { orders: context.get(Orders), queue, outbox, ids, recorded };
}

describe('a transaction of @nestjs-cls/transactional', () => {
  it('is found by itself, and commits the job with what else is written', async () => {
    const { orders, ids, recorded } = await app();

    const job = await orders.place('a');

    expect(job.status).toBe('recorded');
    expect(await ids()).toEqual(['a']);
    expect(await recorded()).toEqual([job.id]);
  });

  it('rolls the job back', async () => {
    const { orders, ids, recorded } = await app();

    await expect(orders.place('a', new Error('no stock'))).rejects.toThrow('no stock');

    expect(await ids()).toEqual([]);
    expect(await recorded()).toEqual([]);
  });

  it('has to be asked for where the outbox is strict', async () => {
    const { orders, ids, recorded } = await app({ strict: true });

    await expect(orders.place('a')).rejects.toThrow(InvalidOptionError);
    expect(await ids()).toEqual([]);
    expect(await orders.told(true)).toMatchObject({ status: 'recorded' });
    expect(await orders.told(false)).toMatchObject({ status: 'created' });
    expect(await recorded()).toHaveLength(1);
  });

  it('is none outside of one: a job goes to Redis, and a durable one is recorded on its own', async () => {
    const { queue, recorded } = await app();

    expect(await queue.enqueue(Ship, { order: 1 })).toMatchObject({ status: 'created' });
    expect(await recorded()).toEqual([]);
    expect(await queue.enqueue(Charge, { order: 1 })).toMatchObject({ status: 'recorded' });
    await expect(queue.enqueue(Ship, { order: 1 }, { tx: true })).rejects.toThrow('the outbox knows of none');
  });

  it('is begun for work that is done once, in which repositories find themselves', async () => {
    const { orders, outbox, ids } = await app();
    const once = (failure?: Error) =>
      outbox.once(
        { app: 'shop', jobId: 'job', key: 'order' },
        async () => {
          await orders.insert('a');
          if (failure) throw failure;
          return '1';
        },
        new AbortController().signal,
      );

    await expect(once(new Error('no stock'))).rejects.toThrow('no stock');
    expect(await ids()).toEqual([]);
    expect(await once()).toEqual({ state: 'ran', result: '1' });
    expect(await once()).toEqual({ state: 'done', result: '1' });
    expect(await ids()).toEqual(['a']);
  });
});
