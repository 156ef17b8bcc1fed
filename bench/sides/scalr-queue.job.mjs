// @ts-check
import { defineJob } from 'scalr-queue';
import { z } from 'zod';

/** With everything on that an app has: schema, timeout, retries, life-cycle events, metrics. Logs are off on all sides. */
export const Task = defineJob('task', {
  payload: z.object({ number: z.number(), text: z.string() }),
  queue: 'bench',
});
