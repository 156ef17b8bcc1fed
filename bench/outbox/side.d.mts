import type { Pool, PoolClient } from 'pg';

/** A job queue of which a job can commit with other writes. */
export interface OutboxSide {
  /** Within a transaction that has begun. */
  enqueue(tx: PoolClient, payload: { number: number; text: string }): Promise<unknown>;
  /** Starts to work, with the relay where there is one; absent where nothing runs. */
  work?(onJob: (number: number) => void): Promise<unknown>;
}

export interface Stores {
  readonly redis: string;
  readonly postgres: string;
  readonly pool: Pool;
}
