import type { OutboxAdapter } from './outbox.adapter.js';
import { numberedParts, objectOf, withQuestionMarks } from './transaction-object.js';

/** What is used of a transaction of Knex. */
interface Transaction {
  raw(text: string, bindings: unknown[]): PromiseLike<unknown>;
  readonly isTransaction?: boolean;
  isCompleted(): boolean;
}

/** What is used of Knex itself. */
export interface KnexTransactions {
  transaction<T>(work: (tx: unknown) => Promise<T>): Promise<T>;
}

/**
 * For transactions of Knex: what `knex.transaction(async (tx) => …)` gives.
 *
 * @param knex for `ctx.tx`, which then gives a transaction of Knex
 */
export function knexAdapter(knex?: KnexTransactions): OutboxAdapter {
  return {
    expects: 'the transaction that knex.transaction(async (tx) => …) gives',
    statement: (tx) => {
      const transaction = objectOf<Transaction>(tx, 'raw', 'isCompleted');
      if (!transaction?.isTransaction || transaction.isCompleted()) return undefined;
      return async (text, params) => {
        const { strings, values } = numberedParts(text, params);
        return transaction.raw(withQuestionMarks(strings), values);
      };
    },
    ...(knex && { run: (work) => knex.transaction(work) }),
  };
}
