export interface Payload {
  readonly number: number;
  readonly text: string;
}

/** What a job is enqueued with; only the two whose backlogs are compared know it. */
export interface How {
  /** In milliseconds. */
  readonly delay?: number;
  readonly priority?: number;
}

/** One queue system, as the measurements use it. */
export interface Side {
  enqueue(payload: Payload, how?: How): Promise<unknown>;
  /** A batch in the fastest way that its API offers. */
  enqueueMany(payloads: Payload[], how?: How): Promise<unknown>;
  /** Starts to work; `onJob` is told the number of each payload when its handler runs. */
  work(concurrency: number, onJob: (number: number) => void): Promise<unknown>;
}
