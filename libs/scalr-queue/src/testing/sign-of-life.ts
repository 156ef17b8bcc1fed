import type { WorkerInfo } from '../contract/worker-info.js';
import type { JobHandler } from '../worker/handler.explorer.js';

/** What the worker of the kit tells of itself. */
export function signOfLife(handlers: Iterable<JobHandler>, now: number): WorkerInfo {
  const definitions = [...handlers].map(({ definition }) => definition);
  return {
    id: 'test',
    host: 'test',
    pid: process.pid,
    libraryVersion: 'test',
    queues: [...new Set(definitions.map(({ queue }) => queue))].toSorted(),
    jobs: definitions.map(({ name }) => name),
    catchAllQueues: [],
    running: 0,
    runningJobs: [],
    counts: [],
    draining: false,
    startedAt: new Date(now),
    seenAt: new Date(now),
  };
}
