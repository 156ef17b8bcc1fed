import { QueueConfigError } from '../contract/errors/configuration.errors.js';
import type { OutboxDatabase } from './outbox.database.js';
import { StatementFailed } from './outbox.database.js';
import { SCHEMA_VERSION } from './outbox.migrations.js';
import { DEFAULT_SCHEMA } from './outbox.options.js';
import type { OutboxStatements } from './outbox.statements.js';

/** How long, in milliseconds, each look may take: a boot does not wait for a PostgreSQL that is away. */
const PATIENCE = 2_000;

/** Looks at the tables before they are used. @throws QueueConfigError with the command that mends it; StatementFailed */
export async function checkTables(database: OutboxDatabase, statements: OutboxStatements): Promise<void> {
  const ask = async (text: string) => (await database.query(text, [], PATIENCE)).rows[0] ?? {};
  const { found, user } = await ask(statements.exists);
  if (found !== true) throw missingTables(statements.schema);
  try {
    const version = Number((await ask(statements.version)).version);
    if (version !== SCHEMA_VERSION) throw otherVersion(statements.schema, version);
    if ((await ask(statements.check)).allowed !== true) throw missingRights(statements.schema, String(user));
  } catch (error) {
    throw configurationError(error, statements.schema, String(user)) ?? error;
  }
}

/** What PostgreSQL's refusal means, where it is the configuration that is wrong. */
export function configurationError(
  error: unknown,
  schema: string,
  user?: string,
): QueueConfigError | undefined {
  if (error instanceof QueueConfigError) return error;
  const state = error instanceof StatementFailed ? error.state : undefined;
  // undefined_table, invalid_schema_name, undefined_column; insufficient_privilege
  if (state === '42P01' || state === '3F000' || state === '42703') return missingTables(schema, error);
  if (state === '42501') return missingRights(schema, user, error);
  return undefined;
}

function missingTables(schema: string, cause?: unknown): QueueConfigError {
  return new QueueConfigError(
    `the outbox has no tables in the schema "${schema}" of PostgreSQL: run npx scalr-queue outbox migrate${flag(schema)}`,
    { cause },
  );
}

function otherVersion(schema: string, version: number): QueueConfigError {
  const have = `the tables of the outbox in the schema "${schema}" have version ${version}, and this release of scalr-queue works with ${SCHEMA_VERSION}`;
  return new QueueConfigError(
    version < SCHEMA_VERSION
      ? `${have}: run npx scalr-queue outbox migrate${flag(schema)}`
      : `${have}: run npm install scalr-queue@latest`,
  );
}

function missingRights(schema: string, user = 'the user', cause?: unknown): QueueConfigError {
  return new QueueConfigError(
    `PostgreSQL does not let ${user} use the tables of the outbox: run, as their owner, GRANT USAGE ON SCHEMA ${schema} TO ${user}; ` +
      `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${user};`,
    { cause },
  );
}

const flag = (schema: string): string => (schema === DEFAULT_SCHEMA ? '' : ` --schema ${schema}`);
