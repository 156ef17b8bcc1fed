import type { QueueDepth, QueueInfo, UnhandledJob } from '../contract/queue-info.js';
import { takes, type WorkerInfo } from '../contract/worker-info.js';

/** The state of a queue with what only the library itself uses. */
export interface QueueState extends QueueDepth {
  /** Names of the jobs that are next, of every list. */
  readonly nextJobs: readonly string[];
  /** How often a job of the queue lost its worker, as all workers have counted. */
  readonly stalls?: number;
  /** When the first delayed job may start, in epoch milliseconds. */
  readonly nextDueAt?: number;
}

/** The queues as the services show them. */
export function toQueueInfos(queues: readonly QueueState[], workers: readonly WorkerInfo[]): QueueInfo[] {
  return queues.map(({ nextJobs: _nextJobs, nextDueAt: _nextDueAt, stalls: _stalls, ...depth }) => ({
    ...depth,
    workers: workers.filter((worker) => !worker.draining && worker.queues.includes(depth.name)).length,
  }));
}

/** Jobs that are next in their queue and that no live worker takes. */
export function unhandledOf(queues: readonly QueueState[], workers: readonly WorkerInfo[]): UnhandledJob[] {
  return queues.flatMap(({ name: queue, nextJobs }) =>
    nextJobs
      .filter((name) => !workers.some((worker) => takes(worker, queue, name)))
      .map((name) => ({ name, queue })),
  );
}
