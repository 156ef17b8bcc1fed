// @ts-check
import { v7 as uuid } from 'uuid';

/** What scalr-queue gives every job, so that both sides store and do the same. */
export const jobOptions = () => ({
  jobId: `task~${uuid()}`,
  attempts: 5,
  backoff: { type: 'exponential', delay: 1_000 },
  removeOnComplete: { age: 86_400, count: 1_000 },
  removeOnFail: { age: 1_209_600, count: 10_000 },
  stackTraceLimit: 5,
  keepLogs: 100,
});

/** @param {number} concurrency */
export const workerOptions = (concurrency) => ({
  concurrency,
  lockDuration: 30_000,
  stalledInterval: 5_000,
  maxStalledCount: 2,
  drainDelay: 5,
});

export const prefix = 'scalr:{bench}';
export const streams = { events: { maxLen: 1_000 } };
