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
}

/** A queue as it stands at this moment: plain data. */
export interface QueueInfo extends QueueDepth {
  /** Live workers that take jobs from it. */
  readonly workers: number;
}

/** A kind of job that waits in vain. */
export interface UnhandledJob {
  readonly name: string;
  readonly queue: string;
}
