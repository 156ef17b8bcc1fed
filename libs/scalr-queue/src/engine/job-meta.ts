import type { CarriedContext } from '../contract/carried-context.js';
import type { RetryPolicy } from '../contract/retry-policy.js';

/** What is stored beside a job when it differs from its definition. */
export interface JobMeta {
  /** Time (epoch milliseconds) after which the job may not start any more. */
  readonly expiresAt?: number;
  /** Whether the expiry came from the definition, of which the worker may know a newer version. */
  readonly expiresBy?: 'definition';
  /** Retry policy of this one job, filled in from its definition as that was when it was enqueued. */
  readonly retry?: Omit<RetryPolicy, 'decide'>;
  /** The fields of `retry` that the call gave; absent from jobs that release 0.1.0 stored. */
  readonly retryGiven?: readonly string[];
  /** Timeout in milliseconds given to this one job. */
  readonly timeout?: number;
  /** The payload was `undefined`, which JSON cannot hold. */
  readonly void?: boolean;
  /** Its caller waits for its end: it is kept for a moment, whatever `keep` says. */
  readonly waited?: boolean;
  /** Its tags, where it has any. */
  readonly tags?: readonly string[];
  /** What it carries of its caller. */
  readonly ctx?: Readonly<Partial<CarriedContext>>;
  /** Slot of the schedule (epoch milliseconds) that the job was enqueued for. */
  readonly scheduledFor?: number;
  /** The schedule that the job was enqueued by, with what was its rule for missed slots at the time. */
  readonly slot?: SlotMeta;
}

/** What a worker must know to decide whether the job of a slot may still start. */
export interface SlotMeta {
  /** Name of the schedule. */
  readonly schedule: string;
  /** Tells versions of the schedule apart; absent from a job that a person asked for, which runs in any case. */
  readonly revision?: string;
  readonly missed?: 'skip' | 'once';
  /** Milliseconds after which the slot is missed. */
  readonly lateAfter?: number;
}

/** The meta data stored with a job; empty when there is none. */
export function readMeta(jobOptions: object): JobMeta {
  const { scalr } = jobOptions as { scalr?: unknown };
  return typeof scalr === 'object' && scalr !== null ? scalr : {};
}
