import type { Finding } from '../engine/finding.js';
import type { OutboxState } from '../contract/outbox.js';
import { checkTables, configurationError } from './outbox.check.js';
import { OutboxDatabase, StatementFailed } from './outbox.database.js';
import { migrationsAfter, SCHEMA_VERSION } from './outbox.migrations.js';
import { OutboxStatements } from './outbox.statements.js';
import { QueueUnavailableError } from '../contract/errors/enqueue.errors.js';
import type { PgPool } from './pg.pool.js';

const TIMEOUT = 10_000;
/** Commits of migrations wait for each other by this lock. */
const MIGRATION_LOCK = 0x5ca1_0b0c;
/** Rows that wait for longer are worth a word. */
const OLD = 60_000;
/** A table of which so many rows are dead, and more than live, is not vacuumed as it should be. */
const MANY_DEAD = 50_000;

/** Where an outbox is. */
export interface OutboxPlace {
  readonly url?: string;
  readonly pool?: PgPool;
  readonly schema: string;
}

/** The outbox of an app, as it is. */
export interface OutboxReport extends Omit<OutboxState, 'leads' | 'led'> {
  readonly app: string;
  readonly version: number;
  /** Recorded jobs that are in the table. */
  readonly rows: number;
  /** Durable jobs that were sent and have not ended. */
  readonly open: number;
  readonly done: number;
  /** Host, process and a random part of the process that relays. */
  readonly relay: string | undefined;
  /** Of the table with its indexes, for all apps. */
  readonly bytes: number;
  readonly deadRows: number;
}

/** What operators do with an outbox, without the app. */
export class OutboxAdmin {
  private readonly database: OutboxDatabase;
  private readonly statements: OutboxStatements;

  constructor({ url, pool, schema }: OutboxPlace) {
    this.database = new OutboxDatabase({ url, pool });
    this.statements = new OutboxStatements(schema);
  }

  /** Makes the tables, or changes them to those of this release; all or nothing. @returns the versions that were made */
  migrate(): Promise<{ readonly from: number; readonly to: number }> {
    const { schema } = this.statements;
    return this.told(
      this.database.transaction(async (client) => {
        await client.query(`select pg_advisory_xact_lock(${MIGRATION_LOCK})`);
        const { rows } = await client.query(this.statements.exists);
        const from =
          rows[0]?.found === true
            ? Number((await client.query(this.statements.version)).rows[0]?.version)
            : 0;
        for (const { sql } of migrationsAfter(from)) await client.query(sql(schema));
        return { from, to: Math.max(from, SCHEMA_VERSION) };
      }, 600_000),
    );
  }

  async status(app: string): Promise<OutboxReport> {
    await this.told(checkTables(this.database, this.statements));
    const ask = async (text: string, params: unknown[]) =>
      (await this.told(this.database.query(text, params, TIMEOUT))).rows[0] ?? {};
    const state = await ask(this.statements.state, [app]);
    const counts = await ask(this.statements.report, [app]);
    const table = await ask(this.statements.bloat, []);
    const number = (value: unknown) => Math.max(0, Math.round(Number(value ?? 0)));
    return {
      app,
      version: SCHEMA_VERSION,
      pending: number(state.pending),
      oldestPendingAgeMs: number(state.age),
      refused: number(state.refused),
      rows: number(counts.rows),
      open: number(counts.open),
      done: number(counts.done),
      relay: typeof state.holder === 'string' ? state.holder : undefined,
      bytes: number(table.bytes),
      deadRows: number(table.dead),
    };
  }

  /**
   * Has jobs sent again that were recorded since then: durable ones that have not ended, and those that were refused.
   * @param sinceMs how long ago, in milliseconds
   * @param ended those that have ended as well: they run once more, unless Redis remembers their ids
   * @returns how many
   */
  async replay(
    app: string,
    { sinceMs, ended, dryRun }: { sinceMs: number; ended: boolean; dryRun: boolean },
  ): Promise<number> {
    await this.told(checkTables(this.database, this.statements));
    const text = this.statements.replay(!dryRun);
    const { rows } = await this.told(this.database.query(text, [app, sinceMs, ended], 60_000));
    return Number(rows[0]?.rows ?? 0);
  }

  /** What is wrong with it. */
  async findings(app: string): Promise<Finding[]> {
    try {
      return findingsOf(await this.status(app));
    } catch (error) {
      const cure = 'See docs/outbox.md, and SCALR_POSTGRES_URL';
      return [{ severity: 'danger', problem: (error as Error).message, cure }];
    }
  }

  close(): Promise<void> {
    return this.database.close();
  }

  private async told<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      const wrong = configurationError(error, this.statements.schema);
      if (wrong || !(error instanceof StatementFailed)) throw wrong ?? error;
      throw new QueueUnavailableError(`PostgreSQL cannot be used: ${error.message}`, { cause: error.cause });
    }
  }
}

function findingsOf({
  pending,
  oldestPendingAgeMs: age,
  refused,
  relay,
  deadRows,
  rows,
}: OutboxReport): Finding[] {
  const findings: Finding[] = [];
  const warn = (problem: string, cure: string) => findings.push({ severity: 'warning', problem, cure });
  if (!relay && pending > 0)
    findings.push({
      severity: 'danger',
      problem: `Nobody relays the outbox: ${pending} recorded jobs wait`,
      cure: "Start a worker whose forRoot has the outbox, or set postgresOutbox({ relay: 'everywhere' })",
    });
  else if (age > OLD)
    warn(
      `The oldest recorded job has been waiting for ${Math.floor(age / 60_000)} minutes`,
      `See the log of the process that relays (${relay}): Redis may be down, or the queue full`,
    );
  if (refused > 0)
    warn(
      `${refused} recorded jobs were refused and are left alone`,
      'See the column error of the table outbox; then scalr-queue outbox replay',
    );
  if (deadRows > MANY_DEAD && deadRows > rows)
    warn(
      `The table outbox has ${deadRows} dead rows beside ${rows} of this app`,
      'See that autovacuum runs, and that no transaction stays open for hours: VACUUM (ANALYZE) the table',
    );
  return findings;
}
