import { defineJob } from 'scalr-queue/thread';
import { z } from 'zod';

/** Counts primes, standing for whatever keeps a core busy. From `scalr-queue/thread`, as the thread imports it as well. */
export const BuildReport = defineJob('report.build', {
  payload: z.object({ upTo: z.int().min(2).max(20_000_000) }),
  result: z.object({ primes: z.int(), largest: z.int() }),
  queue: 'reports',
  timeout: '2m',
});
