import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { Snooze } from '../../contract/control-flow-signals.js';
import type { EffectCall, OnceOptions } from '../../contract/effects.js';
import { InvalidOptionError } from '../../contract/errors/configuration.errors.js';
import { EffectResultError, EffectUnknownError } from '../../contract/errors/effect.errors.js';
import { OptionChecker } from '../../contract/option-checker.js';
import { toStrictJson } from '../../contract/strict-json.js';
import { type EffectClaim, MAX_EFFECTS } from '../../engine/job-effects.js';
import { checkKey } from './effect-key.js';
import { type EffectScope, unlessAborted } from './effect.scope.js';
import { idempotencyKeyOf } from './idempotency-key.js';
import { isUnknownOutcome } from './unknown-outcome.js';

/** A run that waits for another one at the same effect looks again after so many milliseconds at the most. */
const LONGEST_WAIT = 5_000;
const SHORTEST_WAIT = 50;

const check = new OptionChecker(InvalidOptionError);
/** The effects that the code at hand is in. */
const within = new AsyncLocalStorage<readonly object[]>();

type Effect<T> = (call: EffectCall) => T | Promise<T>;

/** One call of `ctx.once`. */
interface Call<T> {
  readonly key: string;
  readonly idempotencyKey: string;
  /** Of this run of the effect. */
  readonly token: string;
  readonly effect: Effect<T>;
  readonly options: OnceOptions<T>;
}

/** The effects of one attempt. */
export class OnceEffects {
  /** Those that run at this moment. */
  private readonly running = new Map<string, { readonly id: object; readonly result: Promise<unknown> }>();
  private ended = false;

  /** @param decided hears of the errors with which the job is to end, whatever the handler makes of them */
  constructor(
    private readonly scope: EffectScope,
    private readonly decided: (error: Error) => void,
  ) {}

  /** The attempt is over: an effect that still runs holds its claim no longer than it lasts. */
  end(): void {
    this.ended = true;
  }

  once<T>(key: string, effect: Effect<T>, options: OnceOptions<T> = {}): Promise<T> {
    checkKey('the key of ctx.once', key);
    if (typeof effect !== 'function')
      check.fail(`the second argument of ctx.once("${key}")`, 'a function', effect);
    checkOptions(key, options);
    const running = this.running.get(key);
    if (running) {
      if (within.getStore()?.includes(running.id))
        throw new InvalidOptionError(
          `ctx.once("${key}") is called within itself: an effect within another needs a key of its own`,
        );
      return running.result as Promise<T>;
    }
    const id = {};
    const { app, name, id: job } = this.scope;
    const call = {
      key,
      idempotencyKey: idempotencyKeyOf(app, name, job, key),
      token: randomUUID(),
      effect,
      options,
    };
    const result = within
      .run([...(within.getStore() ?? []), id], () => this.begin(call))
      .finally(() => this.running.delete(key));
    this.running.set(key, { id, result });
    return result;
  }

  private async begin<T>(call: Call<T>): Promise<T> {
    const { notes, lease, signal } = this.scope;
    const { key, token } = call;
    this.refuseLate(key);
    const claiming = notes.claim(key, token, lease);
    const claim = await unlessAborted(signal, claiming).catch((error: unknown) => {
      // The attempt is over, and the effect not begun: a claim that comes now is of no use.
      claiming.then((late) => this.giveBack(key, token, late)).catch(() => undefined);
      throw error;
    });
    switch (claim.state) {
      case 'done':
        if (claim.lost !== undefined) throw this.decide(new EffectResultError(key, claim.lost));
        return (claim.result === '' ? undefined : JSON.parse(claim.result)) as T;
      case 'busy':
        throw this.decide(
          new Snooze(Math.round(Math.min(Math.max(claim.left, SHORTEST_WAIT), LONGEST_WAIT))),
        );
      case 'taken':
        throw new Error(
          `another run has this job, or it is not stored any more: ctx.once("${key}") was not begun`,
        );
      case 'full':
        throw new InvalidOptionError(
          `expected at most ${MAX_EFFECTS} effects of a job, got one more: "${key}". For the items of a list use ctx.each, and a job for each.`,
        );
    }
    const stop = this.holdOn(call);
    try {
      if (claim.state === 'unknown') {
        const known = await this.ask(call, claim);
        if (known) return await this.done(call, known.result);
      }
      return await this.run(call);
    } finally {
      stop();
    }
  }

  /** The answer to an effect whose outcome is unknown: its result, or undefined where it is to run. */
  private async ask<T>(
    call: Call<T>,
    claim: { since: number; retried: boolean },
  ): Promise<{ readonly result: T } | undefined> {
    const { key, idempotencyKey, token, options } = call;
    const { onUnknown = 'run' } = options;
    let answer: unknown = onUnknown;
    if (typeof onUnknown === 'function') {
      try {
        answer = await onUnknown({ key, idempotencyKey, since: new Date(claim.since) });
        checkAnswer(key, answer);
      } catch (error) {
        await this.scope.notes.settle(key, token, { state: 'unknown', dead: false });
        throw error;
      }
    }
    const outcome =
      typeof answer === 'object' ? 'known' : answer === 'fail' && !claim.retried ? 'dead' : 'run';
    this.scope.unknown({ key, since: claim.since, outcome });
    if (outcome === 'dead') throw await this.giveUp(call);
    return outcome === 'known' ? (answer as { readonly result: T }) : undefined;
  }

  private async run<T>(call: Call<T>): Promise<T> {
    const { key, token, idempotencyKey, effect, options } = call;
    const { clock, notes, signal } = this.scope;
    const since = clock.now();
    let result: T;
    try {
      result = await effect({ idempotencyKey });
    } catch (error) {
      const isOver = signal.aborted || this.ended;
      if (!isOver && !isUnknownOutcome(error) && options.isUnknown?.(error) !== true) {
        await notes.settle(key, token, { state: 'undone' });
        throw error;
      }
      if (options.onUnknown === 'fail' && !isOver) {
        this.scope.unknown({ key, since, outcome: 'dead' });
        throw await this.giveUp(call, error);
      }
      await notes.settle(key, token, { state: 'unknown', dead: false });
      throw error;
    }
    return this.done(call, result);
  }

  /** Stores the result; the handler gets what a later run will get. */
  private async done<T>({ key, token }: Call<T>, returned: T): Promise<T> {
    const { notes, resultLimit } = this.scope;
    let result = '';
    try {
      if (returned !== undefined)
        result = toStrictJson(`result of ctx.once("${key}")`, returned, resultLimit);
    } catch (error) {
      const lost = (error as Error).message;
      await notes.settle(key, token, { state: 'done', result, lost });
      throw this.decide(new EffectResultError(key, lost, { cause: error }));
    }
    await notes.settle(key, token, { state: 'done', result });
    return (result === '' ? undefined : JSON.parse(result)) as T;
  }

  /** The job is to be dead as `effect-unknown`. */
  private async giveUp<T>({ key, token, idempotencyKey }: Call<T>, cause?: unknown): Promise<Error> {
    await this.scope.notes.settle(key, token, { state: 'unknown', dead: true });
    return this.decide(new EffectUnknownError(key, idempotencyKey, cause === undefined ? {} : { cause }));
  }

  private async giveBack(key: string, token: string, { state }: EffectClaim): Promise<void> {
    if (state === 'claimed') await this.scope.notes.settle(key, token, { state: 'undone' });
    if (state === 'unknown') await this.scope.notes.settle(key, token, { state, dead: false });
  }

  /** Renews the claim while the attempt lasts. @returns ends that */
  private holdOn<T>({ key, token }: Call<T>): () => void {
    const { clock, notes, lease, signal } = this.scope;
    let cancel = (): void => undefined;
    const renew = () => {
      if (this.ended || signal.aborted) return;
      const again = () => (cancel = clock.after(Math.ceil(lease / 3), renew));
      again();
      notes.renew(key, token, lease).catch(() => undefined);
    };
    cancel = clock.after(Math.ceil(lease / 3), renew);
    return () => cancel();
  }

  private refuseLate(key: string): void {
    this.scope.signal.throwIfAborted();
    if (this.ended) throw new Error(`ctx.once("${key}") was called after its attempt had ended`);
  }

  private decide(error: Error): Error {
    this.decided(error);
    return error;
  }
}

function checkOptions<T>(key: string, options: OnceOptions<T>): void {
  const where = `the options of ctx.once("${key}")`;
  const { onUnknown, isUnknown } = check.object(where, options, ['onUnknown', 'isUnknown']);
  if (
    onUnknown !== undefined &&
    typeof onUnknown !== 'function' &&
    onUnknown !== 'run' &&
    onUnknown !== 'fail'
  )
    check.fail(`onUnknown of ctx.once("${key}")`, '"run", "fail" or a function', onUnknown);
  if (isUnknown !== undefined && typeof isUnknown !== 'function')
    check.fail(`isUnknown of ctx.once("${key}")`, 'a function', isUnknown);
}

function checkAnswer(key: string, answer: unknown): void {
  if (answer === 'run' || answer === 'fail') return;
  if (typeof answer === 'object' && answer !== null && 'result' in answer) return;
  check.fail(`the answer of onUnknown of ctx.once("${key}")`, '"run", "fail" or { result }', answer);
}
