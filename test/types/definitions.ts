import { defineJob } from 'scalr-queue';
import { z } from 'zod';

/** A schema whose input and output differ, for the payload and the result. */
export const Convert = defineJob('convert', {
  payload: z.object({ amount: z.coerce.number<string>(), to: z.enum(['eur', 'usd']) }),
  result: z.object({ paidAt: z.iso.datetime().transform((text) => new Date(text)) }),
  unique: { key: ({ amount }) => amount.padStart(9, '0') },
});

/** Without a schema. */
export const Plain = defineJob<{ value: number }, string>('plain');

/** Without a payload. */
export const CleanUp = defineJob('clean-up');
