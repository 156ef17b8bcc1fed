/** Where the library takes the time of jobs from, so that tests can have a time of their own. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Calls `work` once, that many milliseconds from now; the returned function prevents it. */
  after(ms: number, work: () => void): () => void;
}

/** The time of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, work) {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  },
};
