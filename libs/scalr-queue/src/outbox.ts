export { postgresOutbox } from './outbox/postgres.outbox.js';
export type { PostgresOutboxOptions } from './outbox/outbox.options.js';
export type { OutboxAdapter, OutboxAdapterFunction } from './outbox/adapters/outbox.adapter.js';
export { pgAdapter } from './outbox/adapters/pg.adapter.js';
export type { PgClient, PgPool, PgResult } from './outbox/pg.pool.js';
export type { Outbox, OutboxStatement } from './contract/outbox.js';
export { migrationSql } from './outbox/outbox.migrations.js';
