import { unlessAborted } from '../engine/abort.watch.js';
import { withDeadline } from '../engine/deadline.js';
import { QueueConfigError } from '../contract/errors/configuration.errors.js';
import type { OutboxSettings } from './outbox.options.js';
import type { PgClient, PgPool, PgResult } from './pg.pool.js';

/** Connections of a pool that the library opens by itself. */
const OWN_POOL_SIZE = 5;

/** A statement that did not run: nothing of it was sent, or the server says that it did not do it. */
export class StatementFailed extends Error {
  constructor(
    /** Whether it is known that nothing was written. */
    readonly refused: boolean,
    cause: unknown,
  ) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
  }

  /** SQLSTATE, where the server answered. */
  get state(): string | undefined {
    return sqlState(this.cause);
  }
}

/** SQLSTATE of an error of PostgreSQL. */
export function sqlState(error: unknown): string | undefined {
  // Prisma keeps it under another name.
  const { originalCode, code = originalCode } = (error ?? {}) as { code?: unknown; originalCode?: unknown };
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** The connections of an outbox: those of the app's pool, or a few of its own. Whatever PostgreSQL does, each call settles in its time. */
export class OutboxDatabase {
  private opening?: Promise<PgPool & { end?(): Promise<void> }>;

  constructor(private readonly settings: Pick<OutboxSettings, 'pool' | 'url'>) {}

  /**
   * Runs a statement on any connection.
   * @throws StatementFailed
   */
  query(text: string, params: unknown[], timeout: number): Promise<PgResult> {
    return this.withClient(timeout, (client) => client.query(text, params));
  }

  /**
   * Runs work in one transaction. It has that time from its first statement on; what it throws rolls back, and is thrown.
   * @param signal ends it at once: the connection is closed, so that nothing of the work reaches PostgreSQL any more
   */
  async transaction<T>(
    work: (client: PgClient) => Promise<T>,
    timeout?: number,
    signal?: AbortSignal,
  ): Promise<T> {
    const run = async (client: PgClient): Promise<T> => {
      await client.query('begin');
      let value: T;
      try {
        value = await work(client);
      } catch (error) {
        await client.query('rollback').catch(() => undefined);
        throw error;
      }
      await client.query('commit');
      return value;
    };
    return this.withClient(timeout, run, signal);
  }

  /** A connection for whoever gives it back himself. */
  async client(timeout: number): Promise<PgClient> {
    const pool = await this.pool();
    const connecting = pool.connect();
    try {
      return await withDeadline(connecting, timeout, () => new Error(`no connection within ${timeout} ms`));
    } catch (error) {
      // It may come later: whoever waits next in the pool gets it then.
      connecting.then(
        (client) => client.release(),
        () => undefined,
      );
      throw new StatementFailed(true, error);
    }
  }

  /** Whether one connection can be kept without the others being short of it. */
  async canSpareOne(): Promise<boolean> {
    const { options } = await this.pool();
    return (options?.max ?? 10) > 2;
  }

  /** Closes what it opened itself. */
  async close(): Promise<void> {
    const pool = await this.opening?.catch(() => undefined);
    this.opening = undefined;
    if (!this.settings.pool) await pool?.end?.();
  }

  private async withClient<T>(
    timeout: number | undefined,
    work: (client: PgClient) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const deadline = performance.now() + (timeout ?? Infinity);
    const client = await this.client(timeout ?? 10_000);
    let broken: Error | undefined;
    const onError = (error: Error) => void (broken = error);
    client.on('error', onError);
    try {
      signal?.throwIfAborted();
      const working = unlessAborted(work(client), signal);
      if (timeout === undefined) return await working;
      return await withDeadline(working, Math.max(1, deadline - performance.now()), () => {
        broken = new Error(`no answer within ${timeout} ms`);
        return broken;
      });
    } catch (error) {
      if (signal?.aborted) broken ??= new Error('the transaction was given up');
      if (timeout === undefined) throw error;
      throw new StatementFailed(sqlState(error) !== undefined && !broken, error);
    } finally {
      client.off('error', onError);
      // One whose answer is still to come, or that is cut off, is of no more use to anybody.
      client.release(broken ?? false);
    }
  }

  private pool(): Promise<PgPool & { end?(): Promise<void> }> {
    this.opening ??= this.settings.pool ? Promise.resolve(this.settings.pool) : openPool(this.settings.url!);
    return this.opening;
  }
}

async function openPool(url: string): Promise<PgPool & { end(): Promise<void> }> {
  const { default: pg } = await import('pg').catch((cause: unknown) => {
    throw new QueueConfigError('the outbox needs the package pg: npm install pg', { cause });
  });
  const pool = new pg.Pool({
    connectionString: url,
    max: OWN_POOL_SIZE,
    keepAlive: true,
    application_name: 'scalr-queue',
    // A process that has nothing else to do may end.
    allowExitOnIdle: true,
  });
  // Of idle connections, when the server goes away; the next statement tells.
  pool.on('error', () => undefined);
  return pool;
}
