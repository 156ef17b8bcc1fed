import type { OutboxAdapter } from './outbox.adapter.js';
import { objectOf } from './transaction-object.js';

/** What is used of a transaction of Kysely. */
interface Transaction {
  executeQuery(query: unknown): Promise<unknown>;
  readonly isTransaction?: boolean;
}

/** What is used of an instance of Kysely. */
export interface KyselyTransactions {
  transaction(): { execute<T>(work: (tx: unknown) => Promise<T>): Promise<T> };
}

/**
 * For transactions of Kysely: what `db.transaction().execute(async (tx) => …)` gives, or a controlled one.
 *
 * @param database for `ctx.tx`, which then gives a transaction of Kysely
 */
export function kyselyAdapter(database?: KyselyTransactions): OutboxAdapter {
  return {
    expects: 'the transaction that db.transaction().execute(async (tx) => …) of Kysely gives',
    statement: (tx) => {
      const transaction = objectOf<Transaction>(tx, 'executeQuery');
      if (!transaction?.isTransaction) return undefined;
      return (sql, parameters) => {
        // As CompiledQuery.raw of Kysely makes it.
        const query = { kind: 'RawNode', sqlFragments: [sql], parameters: [] };
        return transaction.executeQuery({
          sql,
          parameters: [...parameters],
          query,
          queryId: { queryId: 'outbox' },
        });
      };
    },
    ...(database && { run: (work) => database.transaction().execute(work) }),
  };
}
