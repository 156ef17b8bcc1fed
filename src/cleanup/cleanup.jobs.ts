import { defineJob } from 'scalr-queue';
import { z } from 'zod';

/** Removes what nobody will want back. The worker enqueues it by the clock; code may as well. */
export const CleanUp = defineJob('cleanup', {
  result: z.object({ removed: z.int() }),
  payload: z.void(),
  queue: 'maintenance',
});
