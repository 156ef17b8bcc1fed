import type { CarriedContext } from './carried-context.js';
import type { Duration } from './duration.js';
import type { RetryOptions } from './retry-policy.js';
import type { UniqueOptions } from './unique-options.js';

/** Options of one `enqueue` call; they win over the definition, which wins over the app's defaults. */
export interface EnqueueOptions<Payload = unknown> {
  /**
   * Id of the job, unique per definition: a second `enqueue` with the same id makes no second job while the first
   * is stored, and for `keep.ids` (24 h) after it has ended. 1 to 128 letters, digits and `_.@+=-`. Defaults to a fresh UUIDv7.
   */
  readonly id?: string;
  /** Start no sooner than this from now. Not together with `runAt`. Defaults to at once. */
  readonly delay?: Duration;
  /** Start no sooner than this moment; one in the past means at once. Not together with `delay`. */
  readonly runAt?: Date;
  /** 0 runs before everything else; among the others the smaller number runs first, up to 2,097,151. */
  readonly priority?: number;
  /** A job not started this long after it could have been is dead (`expired`) and never runs. */
  readonly expiresIn?: Duration;
  /** When and how often a failed attempt is tried again; `false` for never. A function can only be given to `defineJob`. */
  readonly retry?: RetryOptions | false;
  /** Longest time of one attempt. */
  readonly timeout?: Duration;
  /** `true`, or options, to keep equal jobs from being enqueued twice; `false` to allow it for this one. */
  readonly unique?: boolean | UniqueOptions<Payload>;
  /**
   * What the job carries of its caller, for `ctx.context`: at most 2 KiB of strict JSON. It is added to what is inherited from the job whose
   * handler makes the call; `undefined` leaves a key out. Defaults to what is inherited.
   */
  readonly context?: Partial<CarriedContext>;
  /**
   * Ends the call when it aborts: with its reason, and nothing is enqueued then; or with `OutcomeUnknownError` where the job was sent
   * already.
   */
  readonly signal?: AbortSignal;
  /**
   * Records the job in the outbox within this transaction of the app's database library: it runs once that has committed, and never if it
   * rolls back. Delays count from now. `true`: the transaction that the code is in, where the adapter can tell; `false`: none, although
   * the code is in one. Needs `forRoot({ outbox })`; see docs/outbox.md.
   */
  readonly tx?: unknown;
}

/** What became of an `enqueue` call. */
export interface EnqueuedJob {
  /** Id of the job that counts: the new one, or for a duplicate the one that was there. */
  readonly id: string;
  /** Name of its definition. */
  readonly name: string;
  /** Queue that it waits in. */
  readonly queue: string;
  /**
   * `created`: a new job. `duplicate`: nothing was enqueued, a job with this id or unique key is there.
   * `replaced`: a new job took the place of a delayed one with the same unique key; with `onConflict: 'rerun'`, the job that waits has
   * the new payload.
   * `rerun`: a job with the same unique key runs; one more run, with this id and the latest payload, follows it.
   * `recorded`: it is in the outbox, and reaches Redis after the commit; what it meets there (a duplicate) is not known yet.
   */
  readonly status: 'created' | 'duplicate' | 'replaced' | 'rerun' | 'recorded';
}
