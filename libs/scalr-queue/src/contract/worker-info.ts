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

/** A worker process that lives at this moment, as of its last heartbeat: plain data. */
export interface WorkerInfo {
  /** Of this one process; another one after a restart. */
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  /** Version of the app, when it has a `package.json`. */
  readonly version?: string;
  readonly libraryVersion: string;
  /** Name of the package that it runs. Two of them in one app are a mistake. */
  readonly program?: string;
  /** Folder of that package. */
  readonly folder?: string;
  /** Path of the file that it was started with. */
  readonly main?: string;
  /** Orders the workers by when they declared their schedules; absent before, and with release 0.1.0. */
  readonly schedulesBoot?: number;
  /** What it handles, with the queue of each. */
  readonly handled?: readonly { readonly name: string; readonly queue: string }[];
  /** Queues that it has handlers for but is set to leave alone. */
  readonly unselectedQueues?: readonly string[];
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
  /** What it has done since `startedAt`: the queues in which it ended a job. Two reads give a rate, by their `seenAt`. */
  readonly counts: readonly WorkerCounts[];
  /** Whether it shuts down and takes no more jobs. */
  readonly draining: boolean;
  readonly startedAt: Date;
  /** When it gave that sign, every five seconds. */
  readonly seenAt: Date;
}

/** A worker process that is gone, as it last told of itself. */
export interface GoneWorker extends Pick<
  WorkerInfo,
  | 'id'
  | 'host'
  | 'pid'
  | 'version'
  | 'libraryVersion'
  | 'program'
  | 'queues'
  | 'running'
  | 'runningJobs'
  | 'counts'
  | 'startedAt'
  | 'seenAt'
> {
  /** Whether it shut down. One that did not was killed, crashed, or lost its host; `running` then says how many jobs it took with it. */
  readonly clean: boolean;
}

/** Workers that are remembered when they are gone. */
export const MAX_GONE_WORKERS = 100;

/** What is remembered of a worker. */
export function toGone(worker: WorkerInfo, clean: boolean): GoneWorker {
  const { id, host, pid, version, libraryVersion, program, queues } = worker;
  const { running, runningJobs, counts, startedAt, seenAt } = worker;
  return {
    id,
    host,
    pid,
    ...(version === undefined ? {} : { version }),
    libraryVersion,
    ...(program === undefined ? {} : { program }),
    queues,
    running,
    runningJobs,
    counts,
    startedAt,
    seenAt,
    clean,
  };
}

/** A version of the app that a worker ran: when it was deployed. */
export interface DeployedVersion {
  readonly version: string;
  /** When a worker first ran it. A version that comes back keeps the time at which it first came. */
  readonly firstSeenAt: Date;
}

/** Versions of the app that are remembered. */
export const MAX_VERSIONS = 50;

/** Whether the worker takes jobs of that name from that queue. */
export function takes(worker: WorkerInfo, queue: string, name: string): boolean {
  if (worker.draining || !worker.queues.includes(queue)) return false;
  if (name === PING_JOB) return true;
  return worker.catchAllQueues.includes(queue) || worker.jobs.includes(name);
}

/** A worker in a few words: program, version, host and process. */
export function nameOf({
  program,
  version,
  host,
  pid,
}: Pick<WorkerInfo, 'program' | 'version' | 'host' | 'pid'>): string {
  const what = [program, version].filter((part) => part !== undefined).join(' ');
  return `${what}${what ? ' ' : ''}on ${host}, process ${pid}`;
}

type Origin = Pick<WorkerInfo, 'program' | 'folder' | 'host'>;

/**
 * The workers that run another program than `own`: another package; or the same one in another folder of another host, as on the
 * laptop of somebody who meant another Redis. Those that do not say are left out.
 */
export function otherPrograms<Worker extends Origin>(own: Origin, workers: readonly Worker[]): Worker[] {
  return workers.filter(({ program, folder, host }) => {
    if (program === undefined || own.program === undefined) return false;
    return program !== own.program || (host !== own.host && folder !== own.folder);
  });
}

/** How many programs the workers run. */
export function countPrograms(workers: readonly Origin[]): number {
  const seen: Origin[] = [];
  for (const worker of workers)
    if (worker.program !== undefined && otherPrograms(worker, seen).length === seen.length) seen.push(worker);
  return seen.length;
}

/** With the file that it was started with, which tells a laptop from a server. */
export function describeProgram(
  worker: Pick<WorkerInfo, 'program' | 'version' | 'host' | 'pid' | 'main'>,
): string {
  return `${nameOf(worker)}${worker.main === undefined ? '' : `, started with ${worker.main}`}`;
}
