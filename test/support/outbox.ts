import pg from 'pg';
import { migrationSql } from 'scalr-queue/outbox';
import { onTestFinished } from 'vitest';
import { Database } from './postgres.js';

/** A database with the tables of the outbox, which goes away with the test. */
export async function outboxDatabase(schema = 'scalr_queue'): Promise<Database> {
  const database = await Database.create();
  onTestFinished(() => database[Symbol.asyncDispose]());
  await database.query(migrationSql(schema));
  return database;
}

/** A pool that goes away with the test. */
export function poolOf({ url }: Pick<Database, 'url'>, options: pg.PoolConfig = {}): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, ...options });
  pool.on('error', () => undefined);
  onTestFinished(() => pool.end());
  return pool;
}

/** Work in a transaction, as an app has it: what it throws rolls back, and is thrown. */
export async function inTransaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const value = await work(client);
    await client.query('commit');
    return value;
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}
