import { defineJob } from 'scalr-queue';
import { z } from 'zod';

const receiver = z
  .url({ protocol: /^https?$/, error: 'expected a URL like https://host/path' })
  .refine((url) => !/^\w+:\/\/[^/?#]*@/.test(url), 'expected a URL without user and password');

/** Tells a receiver of an event. Its server may be away for hours: 10 attempts, the last one after some 5 hours. */
export const DeliverWebhook = defineJob('webhook.deliver', {
  payload: z.object({ url: receiver, event: z.string().min(1).max(200), data: z.json() }),
  result: z.object({ status: z.int() }),
  queue: 'webhooks',
  retry: { attempts: 10, delay: '1s', factor: 4, maxDelay: '2h' },
  timeout: '30s',
});
