import { defineJob } from 'scalr-queue';
import { z } from 'zod';

/** Sends an invoice by mail. The contract of both sides: it imports no handler. */
export const SendInvoice = defineJob('invoice.send', {
  payload: z.object({ invoiceId: z.uuid(), email: z.email() }),
  result: z.object({ messageId: z.string() }),
  queue: 'mail',
  timeout: '1m',
});
