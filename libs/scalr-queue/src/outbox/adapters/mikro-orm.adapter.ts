import type { OutboxAdapter } from './outbox.adapter.js';
import { numberedParts, objectOf, withQuestionMarks } from './transaction-object.js';

/** What is used of an `EntityManager` of MikroORM. */
interface Manager {
  isInTransaction(): boolean;
  getTransactionContext(): unknown;
  getConnection(): {
    execute(text: string, params: unknown[], method: 'run', transaction: unknown): Promise<unknown>;
  };
}

/** What is used of an `EntityManager` of MikroORM to begin a transaction. */
export interface MikroOrmTransactions {
  fork(): { transactional<T>(work: (manager: unknown) => Promise<T>): Promise<T> };
}

/**
 * For transactions of MikroORM: the `EntityManager` that `em.transactional(async (em) => …)` gives.
 *
 * @param manager for `ctx.tx`, which then gives an `EntityManager`
 */
export function mikroOrmAdapter(manager?: MikroOrmTransactions): OutboxAdapter {
  return {
    expects: 'an EntityManager of MikroORM within a transaction',
    statement: (tx) => {
      const em = objectOf<Manager>(tx, 'isInTransaction', 'getTransactionContext', 'getConnection');
      if (!em?.isInTransaction()) return undefined;
      return async (text, params) => {
        const { strings, values } = numberedParts(text, params);
        return em
          .getConnection()
          .execute(withQuestionMarks(strings), values, 'run', em.getTransactionContext());
      };
    },
    ...(manager && { run: (work) => manager.fork().transactional(work) }),
  };
}
