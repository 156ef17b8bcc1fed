import { PING_JOB } from './ping.js';

/** How jobs of one queue ended in a worker, since it started. */
export interface WorkerCounts {
  readonly queue: string;
  readonly completed: number;
  /** Jobs that gave up. */
  readonly dead: number;
  /** Attempts that failed and were followed by another one. */
  readonly retried: number;
}

/** A worker process that lives at this moment, as its last sign of life told: plain data. */
export interface WorkerInfo {
  /** Of this one process; another one after a restart. */
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  /** Version of the app, when it has a `package.json`. */
  readonly version?: string;
  readonly libraryVersion: string;
  /** Queues that it takes jobs from. */
  readonly queues: readonly string[];
  /** Names of the jobs that it has handlers for. */
  readonly jobs: readonly string[];
  /** Those of its queues whose jobs it takes whatever their name: the queues of `@Processor` classes. */
  readonly catchAllQueues: readonly string[];
  /** Jobs that it runs. */
  readonly running: number;
  /** The first twenty of them. */
  readonly runningJobs: readonly { readonly id: string; readonly queue: string }[];
  /** What it has done since `startedAt`: the queues in which it ended a job. Two reads tell a rate, by their `seenAt`. */
  readonly counts: readonly WorkerCounts[];
  /** Whether it shuts down and takes no more jobs. */
  readonly draining: boolean;
  readonly startedAt: Date;
  /** When it gave that sign, every five seconds. */
  readonly seenAt: Date;
}

/** Whether the worker takes jobs of that name from that queue. */
export function takes(worker: WorkerInfo, queue: string, name: string): boolean {
  if (worker.draining || !worker.queues.includes(queue)) return false;
  if (name === PING_JOB) return true;
  return worker.catchAllQueues.includes(queue) || worker.jobs.includes(name);
}
