import { EntitySchema, MikroORM } from '@mikro-orm/postgresql';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { Kysely, PostgresDialect, sql as kyselySql } from 'kysely';
import knex from 'knex';
import pg from 'pg';
import {
  drizzleAdapter,
  knexAdapter,
  kyselyAdapter,
  mikroOrmAdapter,
  type OutboxAdapter,
  pgAdapter,
  prismaAdapter,
  typeormAdapter,
} from 'scalr-queue/outbox';
import { DataSource, type EntityManager } from 'typeorm';
import { type Prisma, prismaClient } from './prisma-client.js';

/** A pool whose connections may be cut off with the database of a test that has ended. */
function poolAt(url: string): pg.Pool {
  const pool = new pg.Pool({ connectionString: url });
  pool.on('error', () => undefined);
  return pool;
}

/** A database library as an app uses it. */
export interface Library {
  readonly adapter: OutboxAdapter;
  /** Runs work in a transaction; what it throws rolls back, and is thrown. */
  transaction<T>(work: (tx: unknown) => Promise<T>): Promise<T>;
  /** The same to a savepoint within one. */
  savepoint(tx: unknown, work: (tx: unknown) => Promise<void>): Promise<void>;
  /** A statement of the app itself in a transaction. */
  run(tx: unknown, text: string): Promise<unknown>;
  /** What some take for a transaction, and is none. */
  readonly outside: unknown;
  close(): Promise<unknown>;
}

const order = new EntitySchema({ name: 'Order', properties: { id: { type: 'string', primary: true } } });

/** Each of them, by the name of its package. */
export const libraries: Record<string, (url: string) => Promise<Library>> = {
  async pg(url) {
    const pool = poolAt(url);
    const client = (tx: unknown) => tx as pg.PoolClient;
    return {
      adapter: pgAdapter,
      async transaction(work) {
        const tx = await pool.connect();
        try {
          await tx.query('begin');
          const value = await work(tx);
          await tx.query('commit');
          return value;
        } catch (error) {
          await tx.query('rollback');
          throw error;
        } finally {
          tx.release();
        }
      },
      savepoint: (tx, work) =>
        bySql(
          (text) => client(tx).query(text),
          () => work(tx),
        ),
      run: (tx, text) => client(tx).query(text),
      outside: pool,
      close: () => pool.end(),
    };
  },

  async typeorm(url) {
    const source = await new DataSource({ type: 'postgres', url, entities: [] }).initialize();
    const manager = (tx: unknown) => tx as EntityManager;
    return {
      adapter: typeormAdapter(source),
      transaction: (work) => source.transaction(work),
      savepoint: (tx, work) => manager(tx).transaction(work),
      run: (tx, text) => manager(tx).query(text),
      outside: source.manager,
      close: () => source.destroy(),
    };
  },

  async prisma(url) {
    const client = prismaClient(url);
    const run = (tx: unknown, text: string) => (tx as Prisma).$executeRawUnsafe(text);
    return {
      adapter: prismaAdapter(client),
      transaction: (work) => client.$transaction(work),
      savepoint: (tx, work) =>
        bySql(
          (text) => run(tx, text),
          () => work(tx),
        ),
      run,
      outside: client,
      close: () => client.$disconnect(),
    };
  },

  async 'drizzle-orm'(url) {
    const pool = poolAt(url);
    const database = drizzle(pool);
    type Transaction = Parameters<Parameters<typeof database.transaction>[0]>[0];
    return {
      adapter: drizzleAdapter(sql, database),
      transaction: (work) => database.transaction(work),
      savepoint: (tx, work) => (tx as Transaction).transaction(work),
      run: (tx, text) => (tx as Transaction).execute(sql.raw(text)),
      outside: database,
      close: () => pool.end(),
    };
  },

  async knex(url) {
    const database = knex({ client: 'pg', connection: url });
    const transaction = (tx: unknown) => tx as knex.Knex.Transaction;
    return {
      adapter: knexAdapter(database),
      transaction: (work) => database.transaction(work),
      savepoint: (tx, work) => transaction(tx).transaction(work),
      run: async (tx, text) => transaction(tx).raw(text),
      outside: database,
      close: () => database.destroy(),
    };
  },

  async '@mikro-orm/postgresql'(url) {
    const orm = await MikroORM.init({ clientUrl: url, entities: [order] });
    type Manager = ReturnType<typeof orm.em.fork>;
    return {
      adapter: mikroOrmAdapter(orm.em),
      transaction: (work) => orm.em.fork().transactional(work),
      savepoint: (tx, work) => (tx as Manager).transactional(work),
      run: (tx, text) => (tx as Manager).execute(text),
      outside: orm.em.fork(),
      close: () => orm.close(),
    };
  },

  async kysely(url) {
    const database = new Kysely<object>({
      dialect: new PostgresDialect({ pool: poolAt(url) }),
    });
    const run = (tx: unknown, text: string) => kyselySql.raw(text).execute(tx as typeof database);
    return {
      adapter: kyselyAdapter(database),
      transaction: (work) => database.transaction().execute(work),
      savepoint: (tx, work) =>
        bySql(
          (text) => run(tx, text),
          () => work(tx),
        ),
      run,
      outside: database,
      close: () => database.destroy(),
    };
  },
};

/** For libraries that leave it to the app. */
async function bySql(run: (text: string) => Promise<unknown>, work: () => Promise<void>): Promise<void> {
  await run('savepoint here');
  try {
    await work();
  } catch (error) {
    await run('rollback to savepoint here');
    throw error;
  }
}
