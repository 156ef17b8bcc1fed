import type { BreakerRule, LimitRule } from '../contract/limit-rule.js';

/**
 * What `scalr-queue/shared` asks of whatever is shared by the processes of an app; beside {@link QueueEngine}, which says whether it can be
 * used and what its errors mean. `engine/redis` and `engine/memory` implement it, and the behaviours in `test/conformance/shared` say what
 * it has to do.
 *
 * Its time is that of the store, never that of a process: in Redis microseconds of `TIME`. Durations are milliseconds, rounded up. Nothing
 * has a deadline of its own: whoever calls sets one.
 */
export abstract class SharedEngine {
  abstract readonly limits: LimitStore;
  abstract readonly locks: LockStore;
  abstract readonly casts: CastStream;
}

/** Counts that several processes share. Each operation is one step. */
export interface LimitStore {
  /** Takes what a call costs, all of it or nothing. Never more than the rule allows is granted. */
  take(call: LimitCall): Promise<LimitAnswer>;
  /** Renews a place of a concurrent limiter. @returns false when it is lost: it was not held any more */
  renew(call: LimitCall): Promise<boolean>;
  /** Gives a place of a concurrent limiter back. */
  release(call: LimitCall): Promise<void>;
  /** Tells the breaker how a call went that was granted. */
  ended(call: LimitCall, failed: boolean): Promise<void>;
  /** Makes a limiter known to those who look. */
  declare(name: string, rule: LimitRule): Promise<void>;
  /** Every limiter that was declared within a month, with its counts that somebody waits for. */
  list(): Promise<LimitState[]>;
}

/** A call of a limiter. */
export interface LimitCall {
  readonly name: string;
  /** Which of the counts of the limiter; empty for the one that all share. */
  readonly key: string;
  readonly rule: LimitRule;
  readonly breaker?: BreakerRule;
  /** 0 only looks whether there is one. */
  readonly cost: number;
  /** Tells a place of a concurrent limiter apart; unique. */
  readonly token: string;
  /** Who waits when it is not granted, in words; empty for nobody. */
  readonly who: string;
}

/** What a limiter answers. */
export interface LimitAnswer {
  readonly granted: boolean;
  /** Whether the breaker is open. */
  readonly open: boolean;
  /** Whether the breaker lets this one call through to see how it goes. */
  readonly trial: boolean;
  /** What may be taken at this moment. */
  readonly left: number;
  /** Milliseconds until what was asked for may be free; 0 when it was granted. Of a concurrent limiter, until a lease ends that is not renewed. */
  readonly resetIn: number;
  /** Others that wait for this count. */
  readonly waiting: number;
}

/** How a count of a limiter stands. */
export interface LimitState {
  readonly name: string;
  readonly key: string;
  readonly rule: LimitRule;
  readonly left: number;
  readonly resetIn: number;
  /** How many wait. */
  readonly waiting: number;
  /** At most 100 of them, as they called themselves. */
  readonly waiters: readonly string[];
}

/** Locks with a lease. Each operation is one step. */
export interface LockStore {
  /**
   * Takes the lock unless somebody else holds it.
   * @returns a number that is larger than that of every holder before, or how long, in milliseconds, the lease of the holder lasts
   */
  acquire(call: LockCall): Promise<{ readonly fence: number } | { readonly heldFor: number }>;
  /** @returns false when it is lost: it was not held any more */
  renew(call: LockCall): Promise<boolean>;
  release(call: LockCall): Promise<void>;
  /** All that are held. */
  list(): Promise<LockState[]>;
}

/** A call of a lock. */
export interface LockCall {
  readonly name: string;
  /** Tells the holders apart; unique. */
  readonly token: string;
  readonly lease: number;
  /** Who holds it, in words. */
  readonly who: string;
  /** Whether whoever does not get it waits. */
  readonly waits: boolean;
}

/** A lock that is held. */
export interface LockState {
  readonly name: string;
  readonly holder: string;
  readonly fence: number;
  /** Milliseconds. */
  readonly heldFor: number;
  /** Milliseconds until the lease ends, unless it is renewed. */
  readonly expiresIn: number;
  /** At most 100, as they called themselves. */
  readonly waiters: readonly string[];
}

/** What is said to all processes of the app: the last 10,000 casts are kept, for those that were cut off. */
export interface CastStream {
  /** Says it. @param text JSON */
  append(event: string, text: string): Promise<void>;
  /**
   * Hears every cast from now on, in their order and one after the other, also those said while the store was out of reach.
   * @returns what stops it, and a promise that resolves when casts are heard
   */
  listen(listener: CastListener): { readonly stop: () => void; readonly listening: Promise<void> };
}

/** Who hears casts. */
export interface CastListener {
  /** The next one is heard when this resolves. Must not reject. */
  cast(event: string, text: string): Promise<void>;
  /** Some were lost: how many, where that is known. Must not reject. */
  gap(missed: number | undefined): Promise<void>;
}

/** Casts that are kept. */
export const KEPT_CASTS = 10_000;
/** Waiters that are told of one count, or one lock. */
export const SHOWN_WAITERS = 100;
