import type { AppSnapshot } from '../../libs/scalr-queue/src/inspection/app.state.js';

export type QueueInfo = AppSnapshot['queues'][number];

/** A queue in which nothing is, but for what is given. */
export const queueOf = (rest: Partial<QueueInfo> = {}): QueueInfo => ({
  name: 'mail',
  waiting: 0,
  delayed: 0,
  running: 0,
  dead: 0,
  paused: false,
  oldestPendingAgeMs: 0,
  nextJobs: [],
  ...rest,
});
