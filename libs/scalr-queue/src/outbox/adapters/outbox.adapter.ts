import type { OutboxStatement } from '../../contract/outbox.js';

/**
 * How a statement runs in a transaction of a database library: given what that library calls a transaction, what runs a statement with
 * `$1`, `$2` … and their texts in it. `undefined` for anything else than such a transaction.
 *
 * @example
 * const typeorm = (tx) => (tx instanceof EntityManager ? (text, params) => tx.query(text, [...params]) : undefined);
 */
export type OutboxAdapterFunction = (tx: unknown) => OutboxStatement | undefined;

/** An adapter that can do more. */
export interface OutboxAdapter {
  /** What errors call a transaction of this kind, such as `an EntityManager of TypeORM`. */
  readonly expects?: string;
  /** As {@link OutboxAdapterFunction}. */
  readonly statement: OutboxAdapterFunction;
  /** The transaction that the calling code is in; `undefined` outside of one. Leave it out where it cannot be told. */
  readonly transaction?: () => unknown;
  /** Runs work in a new transaction of the library, for `ctx.tx`. Without it a client of `pg` is handed out. */
  readonly run?: <T>(work: (tx: unknown) => Promise<T>) => Promise<T>;
}
