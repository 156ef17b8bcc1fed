import type { OutboxAdapter } from './outbox.adapter.js';
import { objectOf } from './transaction-object.js';

/** What is used of the client that `$transaction` of Prisma gives. */
interface TransactionClient {
  $executeRawUnsafe(text: string, ...params: unknown[]): Promise<unknown>;
  readonly $connect?: unknown;
}

/** What is used of a `PrismaClient`. */
export interface PrismaTransactions {
  $transaction<T>(work: (tx: unknown) => Promise<T>): Promise<T>;
}

/**
 * For interactive transactions of Prisma: what `prisma.$transaction(async (tx) => …)` gives. Within a list of queries nothing can be
 * enqueued.
 *
 * @param prisma for `ctx.tx`, which then gives a client of Prisma
 */
export function prismaAdapter(prisma?: PrismaTransactions): OutboxAdapter {
  return {
    expects: 'the client that prisma.$transaction(async (tx) => …) gives',
    statement: (tx) => {
      const client = objectOf<TransactionClient>(tx, '$executeRawUnsafe');
      // Prisma leaves it out of those that are in a transaction.
      if (!client || typeof client.$connect === 'function') return undefined;
      return (text, params) => client.$executeRawUnsafe(text, ...params);
    },
    ...(prisma && { run: (work) => prisma.$transaction(work) }),
  };
}
