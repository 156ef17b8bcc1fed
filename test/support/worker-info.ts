import type { WorkerInfo } from '../../libs/scalr-queue/src/contract/worker-info.js';

/** A worker that lives and has nothing to do, but for what is given. */
export const workerOf = (rest: Partial<WorkerInfo> = {}): WorkerInfo => ({
  id: 'w',
  host: 'vm-1',
  pid: 7,
  libraryVersion: '1.0.0',
  queues: [],
  jobs: [],
  catchAllQueues: [],
  running: 0,
  runningJobs: [],
  counts: [],
  draining: false,
  startedAt: new Date(0),
  seenAt: new Date(0),
  ...rest,
});
