import { z } from 'zod';

/** The `:id` of a route: what the queue takes as the id of a job. */
export const jobId = z.string().regex(/^[A-Za-z0-9][\w.@+=-]{0,127}$/, 'this is not the id of a job');
