import { Injectable, OnApplicationShutdown, ServiceUnavailableException } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import pg from 'pg';
import type { Environment } from '../config/environment.js';

/** The orders, in PostgreSQL where the app has one. */
@Injectable()
export class OrderStore implements OnApplicationShutdown {
  private readonly pool?: pg.Pool;
  private made?: Promise<unknown>;

  constructor(config: ConfigService<Environment, true>) {
    const connectionString = config.get('SCALR_POSTGRES_URL', { infer: true });
    if (connectionString === undefined) return;
    this.pool = new pg.Pool({ connectionString, connectionTimeoutMillis: 2_000 });
    this.pool.on('error', () => undefined); // Of idle connections; the next order gets another one.
  }

  /** Runs work in a transaction: all that it writes, and all that it enqueues with `tx`, is there after it, or nothing. */
  async transaction<T>(work: (tx: pg.PoolClient) => Promise<T>): Promise<T> {
    const tx = await this.connect();
    let broken: Error | undefined;
    tx.on('error', (error) => (broken = error));
    try {
      await tx.query('begin');
      const value = await work(tx);
      await tx.query('commit');
      return value;
    } catch (error) {
      await tx.query('rollback').catch((failure: Error) => (broken = failure));
      throw error;
    } finally {
      tx.removeAllListeners('error');
      tx.release(broken);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool?.end();
  }

  private async connect(): Promise<pg.PoolClient> {
    const { pool } = this;
    if (!pool) throw new ServiceUnavailableException('orders need PostgreSQL: set SCALR_POSTGRES_URL');
    // An app of your own has its tables made by migrations.
    this.made ??= pool.query(
      'create table if not exists orders (id uuid primary key, email text not null, job_id text not null)',
    );
    try {
      await this.made;
      return await pool.connect();
    } catch (error) {
      this.made = undefined;
      throw new ServiceUnavailableException('PostgreSQL cannot be used now', { cause: error });
    }
  }
}
