import type { Duration } from './duration.js';

/** What the function of `ctx.once` is given. */
export interface EffectCall {
  /**
   * A UUID made of the app, the job's name, its id and the key of the effect: the same in every run of the job, and of no other effect.
   * Hand it to the other side.
   */
  readonly idempotencyKey: string;
}

/** An effect that was begun by an earlier run, whose end nobody saw. */
export interface UnknownEffect extends EffectCall {
  readonly key: string;
  /** When that run began it. */
  readonly since: Date;
}

/**
 * What the other side says of an unknown effect: `'run'` that it has not happened, so that it runs now; `'fail'` that this cannot be
 * told, so that the job is dead; else that it has happened, and what its result was.
 */
export type UnknownAnswer<T> = 'run' | 'fail' | { readonly result: T };

/** Options of `ctx.once`. */
export interface OnceOptions<T> {
  /**
   * What to do about an effect that an earlier run began and that may have happened: `'run'` runs it again with the same
   * `idempotencyKey`; `'fail'` leaves the job dead (reason `effect-unknown`) until somebody retries it by hand; a function asks the
   * other side. Default `'run'`.
   */
  readonly onUnknown?:
    'run' | 'fail' | ((effect: UnknownEffect) => UnknownAnswer<T> | Promise<UnknownAnswer<T>>);
  /**
   * Whether an error leaves open if the effect has happened. Asked beside what the library knows: a connection that broke or timed
   * out under the call, and whatever is thrown after `ctx.signal` has aborted. Any other error says that it has not happened.
   */
  readonly isUnknown?: (error: unknown) => boolean;
}

/** Some items of a source of `ctx.each`, and how to ask for those after them. */
export interface EachPage<T, C> {
  readonly items: Iterable<T>;
  /** The cursor of the next page; absent or null on the last one. The same cursor has to give the same page again. */
  readonly next?: C | null | undefined;
}

/** What a function that is the source of `ctx.each` gives: items, or a page of them. */
export type EachItems<T, C> = Iterable<T> | AsyncIterable<T> | EachPage<T, C>;

/** The items of `ctx.each`, or a function that gives them. */
export type EachSource<T, C> =
  Iterable<T> | AsyncIterable<T> | ((cursor: C | undefined) => EachItems<T, C> | Promise<EachItems<T, C>>);

/** Options of `ctx.each`. */
export interface EachOptions<T, C> {
  /**
   * The cursor of an item, as JSON: the source is asked for what comes after it. An array that the source gives is a page then, and it is
   * asked again until that is empty. Without it, and without pages, the finished items are counted, and skipped by the next run.
   */
  readonly cursor?: (item: T) => C;
  /** How many items there are in all: tells what is left. */
  readonly total?: number | (() => number | Promise<number>);
  /**
   * Stores how far it is at most this often, for very many very small items: what was finished since may then be repeated after
   * a kill. Default 0: after each item.
   */
  readonly checkpointEvery?: Duration;
}

/** What `ctx.tx` hands out: what is used most of a client of `pg`. Name the type of your own where the outbox has another adapter. */
export interface JobTransaction {
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller knows what it selects
  query<Row = Record<string, unknown>>(
    text: string,
    params?: unknown[],
  ): Promise<{ readonly rows: Row[]; readonly rowCount: number | null }>;
}

/** Options of `ctx.tx`. */
export interface TransactionOptions {
  /** Tells the transactions of a job apart, where it has several. Default `'tx'`. */
  readonly key?: string;
}
