import type { Duration } from '../contract/duration.js';
import { MAX_TIMEOUT } from '../contract/defaults.js';
import { ControlFlowSignal, Snooze } from '../contract/control-flow-signals.js';
import { InvalidOptionError } from '../contract/errors/configuration.errors.js';
import { CircuitOpenError, LeaseLostError, LimitExceededError } from '../contract/errors/shared.errors.js';
import { type LimitRule, intervalOf, mostOf } from '../contract/limit-rule.js';
import { checkLimitKey } from '../contract/limit-use.js';
import { type CheckedLimiter, ON_UNAVAILABLE, type OnUnavailable } from '../contract/limiter-options.js';
import { OptionChecker } from '../contract/option-checker.js';
import type { LimitAnswer, LimitCall } from '../engine/shared.engine.js';
import { currentJob } from '../observability/job-scope.js';
import { LeaseKeeper } from './lease.keeper.js';
import type { LimitOutcome } from './shared.counts.js';
import { newToken, type SharedCalls, whoAsks } from './shared.calls.js';
import { Turns } from './turns.js';

/** What a call of a limiter may say. */
export interface LimitOptions {
  /** Which of its counts, such as a tenant: each has the whole limit. At most 256 characters. Defaults to the one that all share. */
  readonly key?: string;
  /** What the call takes. Defaults to 1. */
  readonly cost?: number;
  /**
   * How long to wait for it, outside of a handler. Not used in a handler of a job, which is put aside instead until there is room: no attempt is
   * used, and no slot of the worker is held. Defaults to not at all.
   */
  readonly wait?: Duration;
  /** What happens while Redis is away. Defaults to what the limiter says, else to `'throw'`. */
  readonly onUnavailable?: OnUnavailable;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
}

/** What was granted. */
export interface Permit {
  /** Aborts when the place of a concurrent limiter is lost: others may run in it. */
  readonly signal: AbortSignal;
  /** What was left right after it; undefined where Redis was away. */
  readonly left: number | undefined;
  /** Gives the place of a concurrent limiter back; does nothing for other limiters. Never rejects. */
  release(): Promise<void>;
}

/** How a limiter stands. */
export interface LimiterState {
  /** What may be taken at this moment. */
  readonly left: number;
  /** Whether its breaker is open. */
  readonly open: boolean;
}

const check = new OptionChecker(InvalidOptionError);
const KEYS = ['key', 'cost', 'wait', 'onUnavailable', 'signal'];
/** While a place may be given back at any time, it is asked for again after this many milliseconds: more and more, and a bit at random. */
const [FIRST_PAUSE, LONGEST_PAUSE] = [20, 150];
/** A job that waits for a place is offered again after this many milliseconds, and up to so many more where many wait. */
const [PLACE_SNOOZE, LONGEST_SNOOZE] = [250, 60_000];
/** Milliseconds after which a job is offered again that was denied because Redis is away. */
const AWAY_SNOOZE = 1_000;

/** What was granted, and what is to be done with it. */
interface Grant {
  readonly permit: Permit;
  /** Whether the breaker is to hear how it went, also when that was well. */
  readonly trial: boolean;
  readonly keeper?: LeaseKeeper;
}

/** A limit over all processes of the app. Made by `SharedRedis.limiter`. */
export class Limiter {
  private readonly lines = new Turns();

  /** @internal */
  constructor(
    /** Its name. */
    readonly name: string,
    /** @internal */
    readonly settings: CheckedLimiter,
    private readonly calls: SharedCalls,
    private readonly count: (limiter: string, outcome: LimitOutcome) => void,
  ) {}

  /**
   * Runs `work` when the limit has room for it.
   *
   * @param work is given what was granted: the signal of that aborts when the place of a concurrent limiter is lost
   * @throws LimitExceededError when there is no room, in a handler of a job a `Snooze`; CircuitOpenError; QueueUnavailableError;
   * LeaseLostError when the place was lost meanwhile; and what `work` throws
   *
   * @example
   * await this.stripe.run(() => this.charge(order), { key: order.tenant, wait: '2s' });
   */
  async run<T>(work: (permit: Permit) => T | Promise<T>, options: LimitOptions = {}): Promise<T> {
    const call = this.callOf(options);
    const { permit, trial, keeper } = await this.granted(call, options);
    try {
      const result = await work(permit);
      if (trial) await this.calls.tell(({ limits }) => limits.ended(call, false));
      keeper?.signal.throwIfAborted();
      return result;
    } catch (error) {
      // How a handler says that its job goes on is no failure of what was called.
      const isSignal = error instanceof ControlFlowSignal || error instanceof LeaseLostError;
      if (call.breaker && !isSignal) await this.calls.tell(({ limits }) => limits.ended(call, true));
      throw error;
    } finally {
      if (keeper) await permit.release();
    }
  }

  /**
   * Takes what the call costs, for code that cannot be a function. Give a place of a concurrent limiter back with `release()`, whatever happens;
   * a breaker hears nothing of it.
   *
   * @throws as {@link run}
   */
  async acquire(options: LimitOptions = {}): Promise<Permit> {
    return (await this.granted(this.callOf(options), options)).permit;
  }

  /**
   * How it stands at this moment; takes nothing.
   * @throws QueueUnavailableError
   */
  async state({ key }: Pick<LimitOptions, 'key'> = {}): Promise<LimiterState> {
    const call = { ...this.callOf(key === undefined ? {} : { key }), cost: 0, who: '' };
    const { left, open } = await this.calls.ask(({ limits }) => limits.take(call));
    return { left, open };
  }

  private async granted(call: LimitCall, options: LimitOptions): Promise<Grant> {
    const { signal, wait } = options;
    signal?.throwIfAborted();
    const isInJob = currentJob() !== undefined;
    const patience = wait === undefined ? 0 : check.duration('wait', wait, 0, MAX_TIMEOUT);
    if (patience === 0 || isInJob)
      return this.answered({ ...call, who: isInJob ? call.who : '' }, options, -Infinity);
    const until = this.calls.clock.now() + patience;
    // One of a process asks at a time, in the order in which they came.
    const turn = this.lines.enter(call.key);
    try {
      if (turn.comes && !(await this.calls.comes(turn.comes, patience, signal)))
        throw this.refusal({ open: false, resetIn: FIRST_PAUSE, waiting: 0 });
      return await this.answered(call, options, until);
    } finally {
      turn.leave();
    }
  }

  /** @param until when the wait for it ends, by the clock of the app */
  private async answered(call: LimitCall, options: LimitOptions, until: number): Promise<Grant> {
    for (let tries = 0; ; tries++) {
      const sentAt = performance.now();
      let answer: LimitAnswer;
      try {
        answer = await this.calls.ask(({ limits }) => limits.take(call));
      } catch (error) {
        return this.unanswered(call, error, options.onUnavailable ?? this.settings.onUnavailable);
      }
      if (answer.granted) {
        this.count(this.name, 'granted');
        return this.grantOf(call, answer, sentAt);
      }
      const pause = this.pauseOf(answer, tries);
      if (answer.open || this.calls.clock.now() + pause > until) throw this.refusal(answer);
      await this.calls.pause(pause, options.signal);
    }
  }

  /** How long to wait before it is asked for again. */
  private pauseOf({ resetIn }: LimitAnswer, tries: number): number {
    if (this.settings.rule.kind !== 'concurrent') return Math.max(1, resetIn);
    const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 1.5 ** tries);
    return Math.ceil(Math.min(Math.max(1, resetIn), pause * (0.5 + Math.random() / 2)));
  }

  private refusal({ open, resetIn, waiting }: Pick<LimitAnswer, 'open' | 'resetIn' | 'waiting'>): Error {
    this.count(this.name, open ? 'open' : 'denied');
    if (currentJob()) return new Snooze(open ? resetIn + 1 : this.snoozeOf(resetIn, waiting));
    return open ? new CircuitOpenError(this.name, resetIn) : new LimitExceededError(this.name, resetIn);
  }

  /** Those that wait are spread over the time that their turns take: they would all be offered again at once. */
  private snoozeOf(resetIn: number, waiting: number): number {
    const { rule } = this.settings;
    const [base, each] =
      rule.kind === 'concurrent'
        ? [PLACE_SNOOZE, PLACE_SNOOZE / rule.max]
        : [Math.max(1, resetIn), intervalOf(rule)];
    return base + Math.floor(Math.random() * Math.min(LONGEST_SNOOZE, each * waiting));
  }

  private unanswered(call: LimitCall, error: unknown, way: OnUnavailable): Grant {
    this.count(this.name, 'unavailable');
    // It may have been granted all the same.
    if (this.settings.rule.kind === 'concurrent') void this.calls.tell(({ limits }) => limits.release(call));
    if (way === 'allow') return { permit: freePermit(undefined), trial: false };
    if (way === 'throw') throw error;
    if (currentJob()) throw new Snooze(AWAY_SNOOZE);
    throw new LimitExceededError(this.name, AWAY_SNOOZE, { cause: error });
  }

  private grantOf(call: LimitCall, { left, trial }: LimitAnswer, sentAt: number): Grant {
    const { rule } = this.settings;
    if (rule.kind !== 'concurrent') return { permit: freePermit(left), trial };
    const what = `place of the limiter "${this.name}"`;
    const { limits } = this.calls.engine;
    const keeper = new LeaseKeeper(this.calls, what, rule.lease, sentAt, () => limits.renew(call));
    const release = async () => {
      keeper.end();
      await this.calls.tell(() => limits.release(call));
    };
    return { permit: { signal: keeper.signal, left, release }, trial, keeper };
  }

  private callOf(options: LimitOptions): LimitCall {
    const { rule, breaker } = this.settings;
    const {
      key,
      cost = 1,
      onUnavailable,
    } = check.object(`the options of the limiter ${this.name}`, options, KEYS);
    if (onUnavailable !== undefined) check.oneOf('onUnavailable', onUnavailable, ON_UNAVAILABLE);
    return {
      name: this.name,
      key: checkLimitKey(check, 'key', key),
      rule,
      ...(breaker ? { breaker } : {}),
      cost: costOf(rule, cost),
      token: newToken(),
      who: whoAsks(),
    };
  }
}

/** More than it ever has could never be granted. */
const costOf = (rule: LimitRule, cost: unknown): number => check.integer('cost', cost, 1, mostOf(rule));

/** Of what nobody holds: its signal, which never aborts, is made for who looks at it. */
function freePermit(left: number | undefined): Permit {
  let controller: AbortController | undefined;
  return {
    get signal() {
      return (controller ??= new AbortController()).signal;
    },
    left,
    release: async () => undefined,
  };
}
