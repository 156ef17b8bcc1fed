import { withDeadline } from '../engine/deadline.js';
import { outcomeUnknown } from '../engine/outcome-unknown.js';
import { ambiguousId } from '../engine/job-id.js';
import { InvalidOptionError } from '../contract/errors/configuration.errors.js';
import { QueueUnavailableError } from '../contract/errors/enqueue.errors.js';
import { ENQUEUE_DEADLINE } from '../contract/defaults.js';
import { describe } from '../contract/option-checker.js';
import type {
  OpenOutbox,
  Outbox,
  OutboxHost,
  Receipt,
  ReceiptOutcome,
  RecordedJob,
} from '../contract/outbox.js';
import { pgAdapter } from './adapters/pg.adapter.js';
import { AmbientTransaction } from './adapters/transaction-host.js';
import { checkTables, configurationError } from './outbox.check.js';
import { OutboxDatabase, sqlState, StatementFailed } from './outbox.database.js';
import { type OutboxSettings, type PostgresOutboxOptions, resolveOutboxOptions } from './outbox.options.js';
import { OutboxStatements, RECEIPT_BUSY } from './outbox.statements.js';
import type { PgClient } from './pg.pool.js';
import { PostgresRelay } from './postgres.relay.js';

/**
 * Records jobs in PostgreSQL before Redis hears of them: in the transaction of the caller (`enqueue(…, { tx })`), or in one of their own
 * (`defineJob(…, { durable: true })`). Needs the package `pg`, and its tables: `npx scalr-queue outbox migrate`. See docs/outbox.md.
 *
 * @throws QueueConfigError when an option is wrong
 *
 * @example
 * ScalrQueueModule.forRoot({ app: 'billing', redis, outbox: postgresOutbox({ pool }) })
 */
export function postgresOutbox(options: PostgresOutboxOptions = {}): Outbox {
  return new PostgresOutbox(resolveOutboxOptions(options));
}

class PostgresOutbox implements Outbox {
  readonly strict: boolean;
  private readonly database: OutboxDatabase;
  private readonly statements: OutboxStatements;
  private readonly found = new AmbientTransaction();
  /** Clients of `pg` that `ctx.tx` has handed out, which the adapter of another library does not know. */
  private readonly lent = new WeakSet<object>();

  constructor(private readonly settings: OutboxSettings) {
    this.strict = settings.strict;
    this.database = new OutboxDatabase(settings);
    this.statements = new OutboxStatements(settings.schema, settings.notify);
    void this.found.look();
  }

  ambient(): unknown {
    const { transaction } = this.settings.adapter;
    return transaction ? transaction() : this.found.current();
  }

  async record(app: string, jobs: readonly RecordedJob[], tx?: unknown): Promise<void> {
    const params = [JSON.stringify(jobs), app];
    const ids = jobs.map(({ id }) => id);
    if (tx !== undefined) return this.recordWithin(tx, params, ids);
    try {
      await this.database.query(this.statements.record, params, ENQUEUE_DEADLINE);
    } catch (error) {
      throw configurationError(error, this.settings.schema) ?? failure(error, ids);
    }
  }

  async cancel(
    app: string,
    { id, name = null }: { readonly id: string; readonly name?: string | null | undefined },
  ): Promise<boolean> {
    try {
      const params = [app, id, name];
      const { rows } = await this.database.query(this.statements.cancel, params, ENQUEUE_DEADLINE);
      const { jobs, names } = rows[0] as { jobs: number; names: string[] | null };
      if (names && names.length > 1)
        throw ambiguousId(
          names.map((one) => `"${one}"`),
          'name',
        );
      return jobs > 0;
    } catch (error) {
      if (error instanceof InvalidOptionError) throw error;
      // Whatever became of it: saying it again does no harm.
      const { message } = error as Error;
      throw (
        configurationError(error, this.settings.schema) ??
        new QueueUnavailableError(
          `PostgreSQL cannot be used (${message}), where the job may wait to be sent. It is safe to cancel it again.`,
          { cause: error },
        )
      );
    }
  }

  async once(
    { app, jobId, key }: Receipt,
    work: (tx: unknown) => Promise<string>,
    signal: AbortSignal,
  ): Promise<ReceiptOutcome> {
    const receipt = [app, jobId, key];
    const before = await this.resultOf(receipt);
    if (before !== undefined) return { state: 'done', result: before };
    const run = this.settings.adapter.run ?? this.found.run;
    let isBusy = false;
    const within = async (tx: unknown): Promise<string> => {
      const statement = this.statementIn(tx);
      signal.throwIfAborted();
      await statement(this.statements.receipt, receipt).catch((error: unknown) => {
        const failed = toFailed(error);
        isBusy = failed instanceof StatementFailed && failed.state === RECEIPT_BUSY;
        throw error;
      });
      const result = await work(tx);
      signal.throwIfAborted();
      // Also where there is none: PostgreSQL takes the commit of a transaction with an error that was swallowed, and rolls back.
      await statement(this.statements.keepResult, [...receipt, result]);
      return result;
    };
    const lend = async (tx: PgClient): Promise<string> => {
      this.lent.add(tx);
      try {
        return await within(tx);
      } finally {
        this.lent.delete(tx);
      }
    };
    try {
      const result = await (run ? run(within) : this.database.transaction(lend, undefined, signal));
      return { state: 'ran', result };
    } catch (error) {
      if (isBusy) return { state: 'busy' };
      // Another run may have written it meanwhile, or the answer to the commit was lost.
      const done = signal.aborted ? undefined : await this.resultOf(receipt).catch(() => undefined);
      if (done !== undefined) return { state: 'done', result: done };
      throw error;
    }
  }

  async open(host: OutboxHost): Promise<OpenOutbox> {
    await this.found.look();
    const relay = new PostgresRelay(host, this.database, this.statements, this.settings);
    try {
      await checkTables(this.database, this.statements);
    } catch (error) {
      // One that is away may come back.
      if (!(error instanceof StatementFailed)) throw error;
      relay.tellTrouble(error);
    }
    return relay;
  }

  /** What was kept with a receipt, where it is there. */
  private async resultOf(receipt: string[]): Promise<string | undefined> {
    const { rows } = await this.database
      .query(this.statements.findReceipt, receipt, 5_000)
      .catch((error: unknown) => {
        throw configurationError(error, this.settings.schema) ?? error;
      });
    return rows[0]?.result as string | undefined;
  }

  private async recordWithin(tx: unknown, params: readonly string[], ids: readonly string[]): Promise<void> {
    const running = this.statementIn(tx)(this.statements.record, params);
    const late = () =>
      outcomeUnknown(
        'no answer of PostgreSQL in time within the transaction, which should be rolled back, for',
        ids,
      );
    try {
      await withDeadline(running, ENQUEUE_DEADLINE, late);
    } catch (error) {
      // What else PostgreSQL says is for the one whose transaction it is: some try again after a serialization failure.
      throw configurationError(toFailed(error), this.settings.schema) ?? error;
    }
  }

  private statementIn(tx: unknown) {
    const isLent = typeof tx === 'object' && tx !== null && this.lent.has(tx);
    const adapter = isLent ? pgAdapter : this.settings.adapter;
    const statement = adapter.statement(tx);
    if (statement) return statement;
    const { expects = 'a transaction that the adapter of the outbox knows' } = adapter;
    throw new InvalidOptionError(
      `expected tx to be ${expects}, got: ${describe(tx)}. Nothing was recorded. Transactions of another library need its adapter: ` +
        'postgresOutbox({ adapter })',
    );
  }
}

/** Where TypeORM, Prisma, Drizzle and others have the error of PostgreSQL. */
interface Wrapped {
  readonly cause?: unknown;
  readonly driverError?: unknown;
  readonly meta?: { readonly driverAdapterError?: unknown };
}

/** Libraries wrap the error of PostgreSQL in one of their own. */
function toFailed(error: unknown): unknown {
  let cause = error;
  for (let depth = 0; depth < 4 && typeof cause === 'object' && cause !== null; depth++) {
    const { cause: next, driverError, meta } = cause as Wrapped;
    // Prisma has codes of its own, which look like those of PostgreSQL.
    if (!meta?.driverAdapterError && sqlState(cause)) return new StatementFailed(true, cause);
    cause = meta?.driverAdapterError ?? driverError ?? next;
  }
  return error;
}

function failure(error: unknown, ids: readonly string[]): Error {
  if (!(error instanceof StatementFailed)) return error as Error;
  if (!error.refused) return outcomeUnknown('no answer of PostgreSQL for', ids, error.cause);
  return new QueueUnavailableError(
    `PostgreSQL cannot be used (${error.message}). Nothing was recorded; it is safe to try again.`,
    { cause: error.cause },
  );
}
