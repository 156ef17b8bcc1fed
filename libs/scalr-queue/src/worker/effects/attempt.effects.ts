import type {
  EachOptions,
  EachSource,
  EffectCall,
  OnceOptions,
  TransactionOptions,
} from '../../contract/effects.js';
import { HandBack } from '../../engine/run-ends.js';
import { EachLists } from './each.js';
import type { EffectScope } from './effect.scope.js';
import { OnceEffects } from './once.js';
import { Transactions } from './transactions.js';
import { causesOf } from './unknown-outcome.js';

/** The effects and the items of one attempt, and what they say of its end. */
export class AttemptEffects {
  private readonly decisions = new Set<object>();
  private readonly effects: OnceEffects;
  private readonly lists: EachLists;
  private readonly transactions: Transactions;
  private handBack?: HandBack;

  constructor(scope: EffectScope) {
    const decided = (error: Error): void => {
      this.decisions.add(error);
      if (error instanceof HandBack) this.handBack = error;
    };
    this.effects = new OnceEffects(scope, decided);
    this.lists = new EachLists(scope, decided);
    this.transactions = new Transactions(scope, decided);
  }

  once<T>(key: string, effect: (call: EffectCall) => T | Promise<T>, options?: OnceOptions<T>): Promise<T> {
    return this.effects.once(key, effect, options);
  }

  each<T, C>(name: string, source: EachSource<T, C>, options?: EachOptions<T, C>): AsyncIterable<T> {
    return this.lists.each(name, source, options);
  }

  tx<T>(work: (tx: never) => T | Promise<T>, options?: TransactionOptions): Promise<T> {
    return this.transactions.tx(work, options);
  }

  /** A loop was told to stop, as the worker is closing: the job is not done, even where the handler took that for the end of its items. */
  get handedBack(): HandBack | undefined {
    return this.handBack;
  }

  /** What the job ends with, given what the handler threw: it may have wrapped what an effect decided. */
  endOf(thrown: unknown): unknown {
    return this.handBack ?? causesOf(thrown).find((cause) => this.decisions.has(cause)) ?? thrown;
  }

  /** The attempt is over. */
  end(): void {
    this.effects.end();
    this.lists.end();
    this.transactions.end();
  }
}
