/** A place in the list of all dead jobs of the app: newest first, then by queue, then by id from the end of the alphabet. */
export interface DeadPosition {
  /** Epoch milliseconds of the death. */
  readonly diedAt: number;
  readonly queue: string;
  readonly storedId: string;
}

/** What the engine has written down about the end of a job. */
export interface WrittenDeath {
  /** Of its definition; empty where the job cannot be read. */
  readonly name: string;
  readonly failedReason: string;
  readonly attemptsMade: number;
  readonly maxAttempts: number;
  /** Left out where it has none. */
  readonly tags?: readonly string[];
}
