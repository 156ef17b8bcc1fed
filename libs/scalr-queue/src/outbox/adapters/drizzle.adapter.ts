import type { OutboxAdapter } from './outbox.adapter.js';
import { numberedParts, objectOf } from './transaction-object.js';

/** What is used of a transaction of Drizzle. */
interface Transaction {
  execute(query: unknown): Promise<unknown>;
  rollback(): never;
}

/** What is used of a database of Drizzle. */
export interface DrizzleTransactions {
  transaction<T>(work: (tx: unknown) => Promise<T>): Promise<T>;
}

/** The tag `sql` of the package `drizzle-orm`. */
export type DrizzleSql = (strings: TemplateStringsArray, ...values: never[]) => unknown;

/**
 * For transactions of Drizzle: what `db.transaction(async (tx) => …)` gives.
 *
 * @param sql the tag `sql` of `drizzle-orm`
 * @param database for `ctx.tx`, which then gives a transaction of Drizzle
 */
export function drizzleAdapter(sql: DrizzleSql, database?: DrizzleTransactions): OutboxAdapter {
  return {
    expects: 'the transaction that db.transaction(async (tx) => …) of Drizzle gives',
    statement: (tx) => {
      const transaction = objectOf<Transaction>(tx, 'execute', 'rollback');
      if (!transaction) return undefined;
      return async (text, params) => {
        const { strings, values } = numberedParts(text, params);
        return transaction.execute(sql(strings as unknown as TemplateStringsArray, ...(values as never[])));
      };
    },
    ...(database && { run: (work) => database.transaction(work) }),
  };
}
