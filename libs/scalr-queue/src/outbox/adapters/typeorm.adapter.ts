import type { OutboxAdapter } from './outbox.adapter.js';
import { objectOf } from './transaction-object.js';

/** What is used of an `EntityManager` of TypeORM, and of a `QueryRunner`. */
interface Manager {
  query(text: string, params: unknown[]): Promise<unknown>;
  readonly isTransactionActive?: boolean;
  readonly queryRunner?: { readonly isTransactionActive: boolean };
}

/** What is used of a `DataSource` of TypeORM. */
export interface TypeOrmDataSource {
  transaction<T>(work: (manager: unknown) => Promise<T>): Promise<T>;
}

/**
 * For transactions of TypeORM: the `EntityManager` that `dataSource.transaction` gives, or a `QueryRunner` with one that has started.
 *
 * @param dataSource for `ctx.tx`, which then gives an `EntityManager`
 */
export function typeormAdapter(dataSource?: TypeOrmDataSource): OutboxAdapter {
  return {
    expects: 'an EntityManager of TypeORM within a transaction',
    statement: (tx) => {
      const manager = objectOf<Manager>(tx, 'query');
      if (!manager || !(manager.queryRunner ?? manager).isTransactionActive) return undefined;
      return (text, params) => manager.query(text, [...params]);
    },
    ...(dataSource && { run: (work) => dataSource.transaction(work) }),
  };
}
