import { Injectable } from '@nestjs/common';
import type { Duration } from '../contract/duration.js';
import { MAX_TIMEOUT } from '../contract/defaults.js';
import { InvalidOptionError } from '../contract/errors/configuration.errors.js';
import { LockNotAcquiredError } from '../contract/errors/shared.errors.js';
import { DEFAULT_LEASE, MIN_LEASE, ON_UNAVAILABLE, type OnUnavailable } from '../contract/limiter-options.js';
import { OptionChecker } from '../contract/option-checker.js';
import type { LockCall } from '../engine/shared.engine.js';
import { LeaseKeeper } from './lease.keeper.js';
import { newToken, SharedCalls, whoAsks } from './shared.calls.js';
import { SharedCounts } from './shared.counts.js';
import { Turns } from './turns.js';

/** What a call of a lock may say. */
export interface LockOptions {
  /** After this time without a sign of life of its process another may have the lock; renewed at a third of it. Defaults to `'30s'`. */
  readonly lease?: Duration;
  /** How long to wait for it. Defaults to not at all. */
  readonly wait?: Duration;
  /**
   * What happens while Redis is away: `throw` a QueueUnavailableError, `deny` (as if another held it), or `allow`: run without the
   * lock, with the fence 0. Defaults to `'throw'`.
   */
  readonly onUnavailable?: OnUnavailable;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
}

/** What the holder of a lock has. */
export interface HeldLock {
  /**
   * Larger than that of every holder before. Write it beside the data, and let the database refuse a write with a smaller one: that holds
   * where a lock alone cannot, as its holder may have been stopped and not know yet that it was lost.
   */
  readonly fence: number;
  /** Aborts when the lease is lost. */
  readonly signal: AbortSignal;
}

const check = new OptionChecker(InvalidOptionError);
const KEYS = ['lease', 'wait', 'onUnavailable', 'signal'];
/** A lock that is held is asked for again after this many milliseconds: more and more, and a bit at random. */
const [FIRST_PAUSE, LONGEST_PAUSE] = [20, 150];

/** Locks over all processes of the app. */
@Injectable()
export class Locks {
  private readonly lines = new Turns();

  constructor(
    private readonly calls: SharedCalls,
    private readonly counts: SharedCounts,
  ) {}

  async run<T>(name: string, options: LockOptions, work: (held: HeldLock) => T | Promise<T>): Promise<T> {
    const given = check.object(`the options of the lock ${name}`, options, KEYS);
    check.name('the name of the lock', name);
    const lease = check.duration('lease', given.lease ?? DEFAULT_LEASE, MIN_LEASE, MAX_TIMEOUT);
    const patience = check.duration('wait', given.wait ?? 0, 0, MAX_TIMEOUT);
    const way = check.oneOf('onUnavailable', given.onUnavailable ?? 'throw', ON_UNAVAILABLE);
    const call: LockCall = { name, token: newToken(), lease, who: whoAsks(), waits: patience > 0 };
    options.signal?.throwIfAborted();
    const held = await this.acquired(call, patience, way, options.signal);
    if (!held) return work({ fence: 0, signal: new AbortController().signal });
    return this.holding(call, held, work);
  }

  /** Takes the lock once, if nobody has it. @throws QueueUnavailableError */
  async tryOnce(call: LockCall): Promise<{ fence: number; keeper: LeaseKeeper } | { heldFor: number }> {
    const sentAt = performance.now();
    const { locks } = this.calls.engine;
    const answer = await this.calls.ask(() => locks.acquire(call));
    if ('heldFor' in answer) return answer;
    const what = `lock "${call.name}"`;
    return {
      fence: answer.fence,
      keeper: new LeaseKeeper(this.calls, what, call.lease, sentAt, () => locks.renew(call)),
    };
  }

  /** Gives it back. Never rejects. */
  async release(call: LockCall, keeper: LeaseKeeper): Promise<void> {
    keeper.end();
    await this.calls.tell(({ locks }) => locks.release(call));
  }

  private async holding<T>(
    call: LockCall,
    { fence, keeper }: { fence: number; keeper: LeaseKeeper },
    work: (held: HeldLock) => T | Promise<T>,
  ): Promise<T> {
    try {
      const result = await work({ fence, signal: keeper.signal });
      // Whoever asked for a lock has to know that the work was not alone.
      keeper.signal.throwIfAborted();
      return result;
    } finally {
      if (keeper.lost) this.counts.lock(call.name, 'lost');
      await this.release(call, keeper);
    }
  }

  /** Undefined where it is to be run without the lock. */
  private async acquired(
    call: LockCall,
    patience: number,
    way: OnUnavailable,
    signal: AbortSignal | undefined,
  ) {
    const until = this.calls.clock.now() + patience;
    if (patience === 0) return this.untilAcquired(call, until, way, signal);
    // One of a process asks at a time, in the order in which they came.
    const turn = this.lines.enter(call.name);
    try {
      if (turn.comes && !(await this.calls.comes(turn.comes, patience, signal)))
        throw this.refusal(call.name, 0);
      return await this.untilAcquired(call, until, way, signal);
    } finally {
      turn.leave();
    }
  }

  private refusal(name: string, heldFor: number): Error {
    this.counts.lock(name, 'denied');
    return new LockNotAcquiredError(name, heldFor);
  }

  private async untilAcquired(
    call: LockCall,
    until: number,
    way: OnUnavailable,
    signal: AbortSignal | undefined,
  ) {
    for (let tries = 0; ; tries++) {
      const answer = await this.tryOnce(call).catch((error: unknown) => {
        this.counts.lock(call.name, 'unavailable');
        // It may be ours all the same.
        void this.calls.tell(({ locks }) => locks.release(call));
        if (way === 'allow') return undefined;
        if (way === 'throw') throw error;
        throw new LockNotAcquiredError(call.name, 0, { cause: error });
      });
      if (!answer) return undefined;
      if ('keeper' in answer) {
        this.counts.lock(call.name, 'acquired');
        return answer;
      }
      const { heldFor } = answer;
      const longest = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 1.5 ** tries) * (0.5 + Math.random() / 2);
      const pause = Math.ceil(Math.max(1, Math.min(heldFor, longest)));
      if (this.calls.clock.now() + pause > until) throw this.refusal(call.name, heldFor);
      await this.calls.pause(pause, signal);
    }
  }
}
