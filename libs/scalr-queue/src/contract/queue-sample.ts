/** By what a sample of waiting jobs is divided: their definition, their tags, the size of their payload, or a value in it. */
export type SampleBy = 'kind' | 'tag' | 'size' | { readonly payload: string };

/** Options of `QueuesService.sample`. */
export interface SampleOptions {
  /** `{ payload: 'customer.tenant' }` for the value at that path. */
  readonly by: SampleBy;
  /** Jobs to look at, up to 5,000. Defaults to 500. */
  readonly size?: number;
}

/** The jobs of a sample that have something in common. */
export interface SamplePart {
  /** Name of the definition, tag, range of sizes, or value in the payload; left out for jobs that have none. */
  readonly value?: string | number | boolean | null;
  /** Jobs that were looked at. */
  readonly jobs: number;
  /** Of those that could be read, 0 to 1. With tags the shares may add up to more: a job can have several. */
  readonly share: number;
  /** Jobs of all that wait; a count, and no estimate, where `exact`. */
  readonly estimate: number;
  /** Of the payloads of the jobs that were looked at. */
  readonly bytes: number;
}

/** Who fills a queue, from jobs spread over all that wait in it. */
export interface QueueSample {
  readonly queue: string;
  readonly by: SampleBy;
  /** Jobs that wait. */
  readonly total: number;
  /** Jobs that were looked at, the damaged ones included. */
  readonly lookedAt: number;
  /** Whether all were looked at: the numbers are no estimates then. */
  readonly exact: boolean;
  /** Jobs that were looked at and could not be read. */
  readonly damaged: number;
  /** Jobs whose payload was not read as it has more than 64 KiB; only where that is asked for. */
  readonly tooLarge: number;
  /** The largest first; at most 100. */
  readonly parts: readonly SamplePart[];
  /** Jobs of further parts that were looked at. */
  readonly others: number;
}
