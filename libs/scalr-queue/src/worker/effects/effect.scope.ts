import type { Clock } from '../../config/clock.js';
import type { Outbox } from '../../contract/outbox.js';
import type { JobEffects } from '../../engine/job-effects.js';

/** What the effects and items of one attempt need. */
export interface EffectScope {
  readonly notes: JobEffects;
  readonly app: string;
  /** Of the definition. */
  readonly name: string;
  /** Of the job. */
  readonly id: string;
  /** When the job was enqueued, in epoch milliseconds. */
  readonly enqueuedAt: number;
  /** Where the app has one. */
  readonly outbox?: Outbox | undefined;
  /** Aborts when the attempt has no more time. */
  readonly signal: AbortSignal;
  /** Aborts when the worker takes no more jobs. */
  readonly drain: AbortSignal;
  readonly clock: Clock;
  /** Milliseconds that a claim holds: shorter than any lock, so that the claim of a crashed run is over before its job runs again. */
  readonly lease: number;
  /** Bytes of a result. */
  readonly resultLimit: number;
  /** Hears of effects whose outcome is not known. */
  unknown(effect: FoundUnknown): void;
}

/** An effect whose outcome was not known, and what was done about it. */
export interface FoundUnknown {
  readonly key: string;
  /** When it was begun, in epoch milliseconds. */
  readonly since: number;
  /** It runs again, with the same key; its job is dead; or the other side knew its result. */
  readonly outcome: 'run' | 'dead' | 'known';
}

/** Half of a lock: those are renewed at half of their time. */
export const leaseOf = (lockDuration: number): number => Math.floor(lockDuration / 2);

/** What `work` gives, unless the signal aborts first: then its reason is thrown, and what becomes of the work is nobody's concern. */
export async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(signal.reason as Error);
  });
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
