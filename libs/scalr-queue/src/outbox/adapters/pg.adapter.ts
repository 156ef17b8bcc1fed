import type { OutboxAdapter } from './outbox.adapter.js';

/** What is used of a client of `pg`, or of one that is made like it. */
interface Client {
  query(text: string, params: unknown[]): Promise<unknown>;
  /** Of newer ones: `I` outside of a transaction. */
  getTransactionStatus?(): string | null | undefined;
}

/** For clients of the package `pg` on which `BEGIN` has run. */
export const pgAdapter: OutboxAdapter = {
  expects: 'a client of pg on which BEGIN has run, not the pool',
  statement: (tx) => {
    if (!isClient(tx) || tx.getTransactionStatus?.() === 'I') return undefined;
    return (text, params) => tx.query(text, [...params]);
  },
};

function isClient(tx: unknown): tx is Client {
  if (typeof tx !== 'object' || tx === null) return false;
  // A pool takes queries, too, each on a connection of its own.
  return typeof (tx as Partial<Client>).query === 'function' && !('totalCount' in tx);
}
