import type pg from 'pg';
import { postgresOutbox } from 'scalr-queue/outbox';
import { describe, expect, it } from 'vitest';
import { findPgBouncer } from '../../scripts/pgbouncer/find.mjs';
import { startProducer } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { inTransaction, poolOf } from '../support/outbox.js';
import { pooled } from '../support/pgbouncer.js';
import { Charge, Ship, shop } from '../support/shop.js';

const bouncer = await findPgBouncer(console.log);
const SIZE = 3;

describe.runIf(bouncer)('behind PgBouncer in transaction mode (needs PgBouncer)', () => {
  const start = async () => {
    const app = await shop();
    const url = await pooled(bouncer!, app.database, SIZE);
    return { ...app, url, pool: poolOf({ url }) };
  };

  it('jobs are recorded, relayed and marked, and those of a rollback are not there', async () => {
    const { app, url, pool, work, runs, rows } = await start();
    const { queue } = await startProducer({ app, outbox: postgresOutbox({ url }) });
    await work({}, url);
    const orders = Array.from({ length: 40 }, (_, order) => order);
    await Promise.all(
      orders.map((order) =>
        order % 2
          ? queue.enqueue(Charge, { order })
          : inTransaction(pool, (tx) => queue.enqueue(Ship, { order }, { tx })),
      ),
    );
    const lost = inTransaction(pool, async (tx) => {
      await queue.enqueue(Ship, { order: 99 }, { tx });
      throw new Error('rolled back');
    });
    await expect(lost).rejects.toThrow('rolled back');
    await eventually(async () => expect((await rows()).filter(({ done_at }) => done_at)).toHaveLength(40));
    expect(runs.map(({ order }) => order).toSorted((a, b) => a - b)).toEqual(orders);
  });

  it('no connection of the pooler is left listening for commits', async () => {
    const { app, url, pool, work, rows } = await start();
    const { queue } = await startProducer({ app, outbox: postgresOutbox({ url }) });
    await work({}, url);
    await queue.enqueue(Charge, { order: 1 });
    await eventually(async () => expect((await rows()).filter(({ done_at }) => done_at)).toHaveLength(1));
    // All that it has, at the same time.
    const clients = await Promise.all(Array.from({ length: SIZE }, () => pool.connect()));
    try {
      const heard = await Promise.all(clients.map(listening));
      expect(heard.map(({ pid }) => pid).filter((pid, at, all) => all.indexOf(pid) === at)).toHaveLength(
        SIZE,
      );
      expect(heard.flatMap(({ channels }) => channels)).not.toContain('scalr_queue_outbox');
    } finally {
      for (const client of clients) client.release(true);
    }
  });
});

async function listening(client: pg.PoolClient): Promise<{ pid: number; channels: string[] }> {
  await client.query('begin');
  const text = 'select pg_backend_pid() as pid, array(select pg_listening_channels()) as channels';
  return (await client.query<{ pid: number; channels: string[] }>(text)).rows[0]!;
}
