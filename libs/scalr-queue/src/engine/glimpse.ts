/** A waiting job as far as a sample of a queue needs it. */
export interface Glimpse {
  readonly storedId: string;
  /** Left out where the job cannot be read. */
  readonly known?: {
    readonly name: string;
    readonly tags: readonly string[];
    /** Of the payload. */
    readonly bytes: number;
    /** Where it was asked for, and is not too large. */
    readonly payload?: unknown;
  };
}

/** Some of the jobs that wait. */
export interface Glimpses {
  /** How many wait. */
  readonly total: number;
  readonly jobs: readonly Glimpse[];
}

/** Payloads that are larger are not read, in bytes. */
export const GLIMPSE_PAYLOAD = 65_536;
