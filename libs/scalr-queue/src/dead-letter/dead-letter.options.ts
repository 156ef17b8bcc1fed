/** Which page of the dead jobs. */
export interface DeadLetterPage {
  /** Jobs on the page, 1 to 1,000. Defaults to 50. */
  readonly limit?: number;
  /** What the page before returned; left out for the first. */
  readonly cursor?: string;
}

/** How far `retry` or `discard` is. */
export interface DeadLetterProgress {
  /** Dead jobs looked at. */
  readonly scanned: number;
  /** Of those, the ones that match. */
  readonly matched: number;
  /** Of those, the ones that were retried or discarded. */
  readonly done: number;
}

/** Options of `retry` and `discard`. */
export interface DeadLetterActionOptions {
  /** The most jobs to take, newest first. Defaults to all that match. */
  readonly limit?: number;
  /** Only counts; nothing is changed. Defaults to false. */
  readonly dryRun?: boolean;
  /** Where an earlier call stopped. */
  readonly cursor?: string;
  /** Called after every slice. */
  readonly onProgress?: (progress: DeadLetterProgress) => void;
  /** Stops after the slice that is on its way; the result then has the `cursor` to carry on from. */
  readonly signal?: AbortSignal;
}
