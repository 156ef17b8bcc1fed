/** Names that begin so are kept for the library's own jobs. */
export const RESERVED_PREFIX = 'scalr.';
/** The smoke test: a job that every worker answers, on each of its queues, whatever handlers it has. */
export const PING_JOB = `${RESERVED_PREFIX}ping`;

/** The worker process that answered. */
export interface Pong {
  readonly host: string;
  readonly pid: number;
}

/** What became of a ping. */
export interface PingResult {
  readonly queue: string;
  /** Whether a worker took the job. */
  readonly answered: boolean;
  /** From the enqueue to the answer, in milliseconds; only when it was answered. */
  readonly roundTripMs?: number;
  /** Who answered; absent for a worker with a version of the library that does not know pings. */
  readonly worker?: Pong;
  /** Why there was no answer: no live worker takes jobs from the queue, it is paused, or none was free in time. */
  readonly reason?: 'no-worker' | 'paused' | 'timeout';
}
