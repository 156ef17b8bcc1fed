import type { EnqueueOptions } from '../contract/enqueue-options.js';

/** Options of `TestQueue.runJob`. */
export interface RunJobOptions extends Pick<EnqueueOptions, 'id' | 'retry' | 'timeout' | 'context'> {
  /** Number of the attempt, from 1. Defaults to 1. */
  readonly attempt?: number;
  /** The value of `ctx.scheduledFor`. */
  readonly scheduledFor?: Date;
}
