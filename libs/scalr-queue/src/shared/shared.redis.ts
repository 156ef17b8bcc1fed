import { Injectable } from '@nestjs/common';
import { InvalidOptionError } from '../contract/errors/configuration.errors.js';
import type { AnyEventDefinition, EventInputOf } from '../contract/event-definition.js';
import type { LimiterName } from '../contract/limit-use.js';
import { type LimiterOptions, toLimiter } from '../contract/limiter-options.js';
import { OptionChecker } from '../contract/option-checker.js';
import type { LimitState, LockState } from '../engine/shared.engine.js';
import { wantJobScope } from '../observability/job-scope.js';
import { Broadcasts } from './broadcasts.js';
import { Limiter } from './limiter.js';
import { type HeldLock, type LockOptions, Locks } from './locks.js';
import { SharedCalls } from './shared.calls.js';
import { type LimitOutcome, SharedCounts } from './shared.counts.js';

const check = new OptionChecker(InvalidOptionError);
/** How often, in milliseconds, a limiter that is used makes itself known to those who look. */
const DECLARED_EVERY = 3_600_000;

/**
 * What the processes of an app share beside jobs: limits, locks and broadcasts, through the Redis that they share. To be injected
 * anywhere, in web and worker processes, in controllers and in handlers.
 *
 * @example
 * constructor(private readonly shared: SharedRedis) {}
 * readonly stripe = this.shared.limiter('stripe', { bucket: { capacity: 100, refill: 25, per: '1s' } });
 */
@Injectable()
export class SharedRedis {
  private readonly limiters = new Map<string, { readonly limiter: Limiter; readonly text: string }>();
  private readonly declaredAt = new Map<string, number>();

  /** @internal */
  constructor(
    private readonly calls: SharedCalls,
    private readonly held: Locks,
    private readonly counts: SharedCounts,
    private readonly broadcasts: Broadcasts,
  ) {}

  /**
   * A limit over all processes of the app, by its name: each process that uses it declares it, and all should do so in the same way. Declared
   * twice in a process it is the same one.
   *
   * @throws InvalidOptionError when an option is wrong, or another one of that name is declared
   *
   * @example
   * readonly stripe = this.shared.limiter('stripe', { window: { max: 100, per: '1s' } });
   * await this.stripe.run(() => charge(order), { key: order.tenant, wait: '2s' });
   */
  limiter(name: LimiterName, options: LimiterOptions): Limiter {
    check.name('the name of the limiter', name);
    const settings = toLimiter(check, `the options of the limiter ${name}`, options);
    const text = JSON.stringify(settings);
    const known = this.limiters.get(name);
    if (known && known.text !== text)
      throw new InvalidOptionError(
        `the limiter "${name}" is declared twice, with different options: declare it in one provider, and inject that`,
      );
    if (known) return known.limiter;
    // A handler that is over the limit has to know its job.
    wantJobScope();
    this.counts.used = true;
    const limiter = new Limiter(name, settings, this.calls, (limiterName, outcome) =>
      this.note(limiterName, outcome),
    );
    this.limiters.set(name, { limiter, text });
    return limiter;
  }

  /** The limiter of that name, where this process has declared it. */
  declared(name: string): Limiter | undefined {
    return this.limiters.get(name)?.limiter;
  }

  /** Names of the limiters that this process has declared. */
  get declaredNames(): string[] {
    return [...this.limiters.keys()];
  }

  /**
   * Runs `work` while no other process of the app has the lock. It is one lock on one Redis: see the guide for what that can and cannot promise,
   * and write `fence` beside what the lock protects.
   *
   * @throws LockNotAcquiredError when another has it; LeaseLostError when it was lost meanwhile, also where `work` returned;
   * QueueUnavailableError; and what `work` throws
   *
   * @example
   * await this.shared.lock('rebuild', { lease: '30s', wait: '5s' }, async ({ fence, signal }) => {
   *   await this.index.rebuild({ fence, signal });
   * });
   */
  lock<T>(name: string, options: LockOptions, work: (held: HeldLock) => T | Promise<T>): Promise<T> {
    return this.held.run(name, options, work);
  }

  /**
   * Says an event to every live process of the app that has a method for it (`@OnBroadcast`), this one included. A process that is cut off from Redis
   * hears it when it is back; one that starts later does not.
   *
   * @throws PayloadInvalidError, PayloadNotSerializableError, PayloadTooLargeError; QueueUnavailableError when Redis did not take it, or did not
   * answer: it may have been said then
   *
   * @example
   * await this.shared.broadcast(PriceChanged, { sku: 'A1' });
   */
  broadcast<E extends AnyEventDefinition>(
    event: E,
    ...payload: [void] extends [EventInputOf<E>] ? [payload?: EventInputOf<E>] : [payload: EventInputOf<E>]
  ): Promise<void> {
    return this.broadcasts.say(event, payload[0]);
  }

  /**
   * The limiters of the app that were used lately, with who waits for them.
   * @throws QueueUnavailableError
   */
  limits(): Promise<LimitState[]> {
    return this.calls.ask(({ limits }) => limits.list());
  }

  /**
   * The locks that are held, with who waits for them.
   * @throws QueueUnavailableError
   */
  locks(): Promise<LockState[]> {
    return this.calls.ask(({ locks }) => locks.list());
  }

  private note(name: string, outcome: LimitOutcome): void {
    this.counts.limiter(name, outcome);
    if (outcome === 'unavailable') return;
    const now = this.calls.clock.now();
    if (now - (this.declaredAt.get(name) ?? -Infinity) < DECLARED_EVERY) return;
    this.declaredAt.set(name, now);
    const { rule } = this.limiters.get(name)!.limiter.settings;
    void this.calls.tell(({ limits }) => limits.declare(name, rule));
  }
}
