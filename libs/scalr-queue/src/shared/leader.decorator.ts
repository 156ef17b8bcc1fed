import type { Duration } from '../contract/duration.js';
import { QueueConfigError } from '../contract/errors/configuration.errors.js';
import { MIN_LEASE } from '../contract/limiter-options.js';
import { MAX_TIMEOUT } from '../contract/defaults.js';
import { OptionChecker } from '../contract/option-checker.js';

/** What `@Leader` may say. */
export interface LeaderOptions {
  /** After this time without a sign of life of its process another is elected; renewed at a third of it. Defaults to `'10s'`. */
  readonly lease?: Duration;
}

/** What an elected leader has beside its signal. */
export interface Term {
  /** Larger than that of every leader before: write it beside the data, and let the database refuse a smaller one. */
  readonly fence: number;
}

/** A class that `@Leader` stands above. */
export interface OnElected {
  /**
   * Called when this process is elected. It stays the leader when this returns, until `signal` aborts: when the lease is lost, before another can
   * be elected, or at the shutdown. When this throws, it stands down.
   */
  onElected(signal: AbortSignal, term: Term): unknown;
}

/** What is known of such a class. */
export interface LeaderMark {
  readonly name: string;
  readonly lease: number;
}

const KEY = Symbol.for('scalr-queue.leader');
const DEFAULT_LEASE = 10_000;
const check = new OptionChecker(QueueConfigError);

/**
 * Marks a provider of which one, over all processes of the app that have it, is the leader: its `onElected` is called.
 *
 * @param name of the office, unique in the app
 * @throws QueueConfigError when the name or an option is wrong
 *
 * @example
 * @Injectable()
 * @Leader('reconciler')
 * export class Reconciler implements OnElected {
 *   async onElected(signal: AbortSignal, { fence }: Term) {
 *     while (!signal.aborted) await this.reconcile(fence, signal);
 *   }
 * }
 */
export function Leader(name: string, options: LeaderOptions = {}) {
  check.name('the name of @Leader', name);
  const given = check.object(`the options of @Leader(${name})`, options, ['lease']);
  const lease = check.duration('lease', given.lease ?? DEFAULT_LEASE, MIN_LEASE, MAX_TIMEOUT);
  const mark: LeaderMark = { name, lease };
  return (target: abstract new (...args: never[]) => OnElected): void =>
    Reflect.defineMetadata(KEY, mark, target);
}

/** What `@Leader` says of a class or one of its bases. */
export const leaderMarkOf = (type: object): LeaderMark | undefined =>
  Reflect.getMetadata(KEY, type) as LeaderMark | undefined;
