import { defineJob } from 'scalr-queue';
import { z } from 'zod';

/** Confirms an order by mail. Durable: it is in PostgreSQL until it has ended, whatever becomes of Redis. */
export const ConfirmOrder = defineJob('order.confirm', {
  payload: z.object({ orderId: z.uuid(), email: z.email() }),
  queue: 'mail',
  timeout: '1m',
  durable: true,
});
