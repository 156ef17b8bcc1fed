import { Snooze } from '../../contract/control-flow-signals.js';
import type { TransactionOptions } from '../../contract/effects.js';
import { InvalidOptionError, QueueConfigError } from '../../contract/errors/configuration.errors.js';
import { OptionChecker } from '../../contract/option-checker.js';
import { toStrictJson } from '../../contract/strict-json.js';
import { checkKey } from './effect-key.js';
import type { EffectScope } from './effect.scope.js';

/** A run that finds another one at the same work looks again after so many milliseconds. */
const WAIT = 1_000;
const DEFAULT_KEY = 'tx';

const check = new OptionChecker(InvalidOptionError);

/** The calls of `ctx.tx` of one attempt. */
export class Transactions {
  private readonly called = new Set<string>();
  private ended = false;

  /** @param decided hears of the errors with which the job is to end, whatever the handler makes of them */
  constructor(
    private readonly scope: EffectScope,
    private readonly decided: (error: Error) => void,
  ) {}

  /** The attempt is over. */
  end(): void {
    this.ended = true;
  }

  /** @param work takes what the outbox hands out: only the app knows its type */
  async tx<T>(work: (tx: never) => T | Promise<T>, options: TransactionOptions = {}): Promise<T> {
    const { outbox, app, name, id, enqueuedAt, signal } = this.scope;
    if (typeof work !== 'function') check.fail('the argument of ctx.tx', 'a function', work);
    const { key = DEFAULT_KEY } = check.object('the options of ctx.tx', options, ['key']);
    checkKey('the key of ctx.tx', key);
    signal.throwIfAborted();
    if (this.ended) throw new Error('ctx.tx was called after its attempt had ended');
    if (this.called.has(key))
      throw new InvalidOptionError(
        `ctx.tx was called twice with the key "${key}", and the second would get the result of the first: give each a key of its own, ` +
          'ctx.tx(work, { key })',
      );
    if (!outbox)
      throw new QueueConfigError(
        'ctx.tx needs an outbox, and the app has none: give ScalrQueueModule.forRoot({ outbox: postgresOutbox({ … }) }), of scalr-queue/outbox',
      );
    this.called.add(key);
    // A job that is enqueued later with the same id is another one.
    const receipt = { app, jobId: `${name}~${id}@${enqueuedAt}`, key };
    const outcome = await outbox.once(
      receipt,
      async (tx) => this.stored(key, await work(tx as never)),
      signal,
    );
    if (outcome.state === 'busy') {
      const wait = new Snooze(WAIT);
      this.decided(wait);
      throw wait;
    }
    return (outcome.result === '' ? undefined : JSON.parse(outcome.result)) as T;
  }

  /** Before the commit: a result that cannot be kept undoes the work. */
  private stored(key: string, result: unknown): string {
    if (result === undefined) return '';
    return toStrictJson(`result of ctx.tx (key "${key}")`, result, this.scope.resultLimit);
  }
}
