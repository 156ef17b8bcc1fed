export interface Payload {
  readonly number: number;
  readonly text: string;
}

/** One queue system, as the measurements use it. */
export interface Side {
  enqueue(payload: Payload): Promise<unknown>;
  /** A batch in the fastest way that its API offers. */
  enqueueMany(payloads: Payload[]): Promise<unknown>;
  /** Starts to work; `onJob` is told the number of each payload when its handler runs. */
  work(concurrency: number, onJob: (number: number) => void): Promise<unknown>;
}
