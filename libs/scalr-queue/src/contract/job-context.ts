import type { CarriedContext } from './carried-context.js';
import { shareClasses } from './errors/shared-class.js';

const NOTHING = Object.freeze({});

/**
 * What a handler knows about the attempt it runs, and what it can report while it runs.
 * An abstract class rather than an interface, so that it can stand in the signature of a decorated method.
 */
export abstract class JobContext {
  /** Id of the job: the same over all attempts, so a good idempotency key. */
  abstract readonly id: string;
  /** Name of the job, as defined. */
  abstract readonly name: string;
  /** Queue that the job came from. */
  abstract readonly queue: string;
  /** Number of this attempt, from 1. Crashes and redeploys of a worker do not count. */
  abstract readonly attempt: number;
  /** Attempts in all before the job is dead. */
  abstract readonly maxAttempts: number;
  /** When the job was enqueued. */
  abstract readonly enqueuedAt: Date;
  /** The slot of the schedule that this job was enqueued for; undefined for jobs enqueued by code. */
  abstract readonly scheduledFor?: Date;
  /**
   * Aborts when the attempt has no more time: timeout, cancellation, or the end of the shutdown's patience.
   * Pass it to `fetch` and to database clients. `signal.reason` has which.
   */
  abstract readonly signal: AbortSignal;

  /**
   * What the job carries of its caller: the option `context` of `enqueue`, and what hooks added. Whatever the handler enqueues inherits
   * it. Any key may be missing: of a job of an older version, say, or of a schedule.
   */
  get context(): Readonly<Partial<CarriedContext>> {
    return NOTHING;
  }

  /**
   * Stores how far the job is, as a number (0 to 100 by custom) or a JSON object; the last one is kept. Written some times a
   * second at most; never fails the job, and ignores what cannot be stored.
   */
  abstract progress(value: number | object): Promise<void>;

  /**
   * Adds a line to the log kept with the job (the last 100 lines): a string, an error, or what JSON makes of anything else. Written
   * some times a second at most; never fails the job.
   */
  abstract log(message: unknown): Promise<void>;
}

shareClasses({ JobContext });
