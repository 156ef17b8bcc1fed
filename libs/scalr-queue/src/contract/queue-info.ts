/** How full a queue is. */
export interface QueueDepth {
  readonly name: string;
  readonly waiting: number;
  readonly delayed: number;
  readonly running: number;
  readonly dead: number;
  readonly paused: boolean;
  /** How long the oldest job that could run has been waiting; 0 when none waits. */
  readonly oldestPendingAgeMs: number;
  /** Why it cannot be read, with a stable code: what stands in its place in Redis is no queue. Its counts say nothing then. */
  readonly problem?: { readonly code: string; readonly message: string };
}

/** A queue as it stands at this moment: plain data. */
export interface QueueInfo extends QueueDepth {
  /** Live workers that take jobs from it. */
  readonly workers: number;
}

/** What holds jobs of a queue back over all its workers, and how much of it is used: plain data. */
export interface QueueLimits {
  readonly name: string;
  readonly running: number;
  /** `globalConcurrency`: jobs that may run at a time. Absent where there is no such limit. */
  readonly concurrency?: number;
  /** `rateLimit`. Absent where there is no such limit. */
  readonly rateLimit?: {
    readonly max: number;
    /** Milliseconds. */
    readonly per: number;
    /** Jobs that were started in this while. */
    readonly used: number;
    /** Milliseconds until it is counted anew; 0 where nothing is counted at this moment. */
    readonly resetInMs: number;
  };
}

/** The worker that had the handler of a kind of job last. */
export interface LastHandler {
  /** Program, version, host and process, in words. */
  readonly worker: string;
  /** Version of the app that it ran. */
  readonly version?: string;
  /** When it left; of one that died, at most a minute before. */
  readonly seenAt: Date;
}

/** A kind of job that waits in vain. */
export interface UnhandledJob {
  readonly name: string;
  readonly queue: string;
  /** Absent where no worker ever had a handler for it. */
  readonly lastHandledBy?: LastHandler;
}

/** `no live worker handles mail.send; billing 1.3.0 on vm-1, process 7 had the handler until 2026-…`. */
export function sayUnhandled({ name, lastHandledBy: last }: UnhandledJob): string {
  const who = last
    ? `${last.worker} had its handler last, until ${last.seenAt.toISOString()}`
    : 'none has announced a handler for it yet';
  return `no live worker handles ${name}; ${who}`;
}
