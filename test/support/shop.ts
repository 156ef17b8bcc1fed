import { Injectable } from '@nestjs/common';
import { defineJob, JobContext, ProcessJob } from 'scalr-queue';
import { postgresOutbox, type PostgresOutboxOptions } from 'scalr-queue/outbox';
import type { RunWorkerOptions } from 'scalr-queue/worker';
import { z } from 'zod';
import { startProducer, startWorker, uniqueApp } from './apps.js';
import { outboxDatabase, poolOf } from './outbox.js';

export const Ship = defineJob('order.ship', { payload: z.object({ order: z.int() }), queue: 'orders' });
export const Charge = defineJob<{ order: number }>('order.charge', {
  queue: 'orders',
  durable: true,
  tags: ({ order }) => [`order:${order}`],
});
export const Unique = defineJob<{ order: number; text: string }>('order.unique', {
  unique: { key: ({ order }) => String(order), onConflict: 'replace' },
  durable: true,
});

/** An app with an outbox, a producer, and workers on demand. */
export async function shop(options: PostgresOutboxOptions = {}) {
  const database = await outboxDatabase();
  const pool = poolOf(database);
  const app = uniqueApp();
  const runs: { name: string; id: string; order: number; at: number; enqueuedAt: number }[] = [];

  @Injectable()
  class Orders {
    @ProcessJob(Ship)
    ship(payload: { order: number }, ctx: JobContext) {
      this.note(payload, ctx);
    }

    @ProcessJob(Charge)
    charge(payload: { order: number }, ctx: JobContext) {
      this.note(payload, ctx);
      return { charged: payload.order };
    }

    private note({ order }: { order: number }, { name, id, enqueuedAt }: JobContext) {
      runs.push({ name, id, order, at: Date.now(), enqueuedAt: enqueuedAt.getTime() });
    }
  }

  const outbox = () => postgresOutbox({ pool, ...options });
  const producer = await startProducer({ app, outbox: outbox() });
  const work = (run: RunWorkerOptions = {}, url = database.url) =>
    startWorker({ app, outbox: postgresOutbox({ url }), providers: [Orders] }, run);
  const rows = () => database.query('select * from scalr_queue.outbox order by seq');
  return { app, database, pool, producer, queue: producer.queue, work, runs, rows, outbox };
}
