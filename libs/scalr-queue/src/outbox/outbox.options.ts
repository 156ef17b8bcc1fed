import { readFileSync } from 'node:fs';
import type { Duration } from '../contract/duration.js';
import { QueueConfigError } from '../contract/errors/configuration.errors.js';
import { HiddenValue, OptionChecker } from '../contract/option-checker.js';
import type { OutboxAdapter, OutboxAdapterFunction } from './adapters/outbox.adapter.js';
import { pgAdapter } from './adapters/pg.adapter.js';
import type { PgPool } from './pg.pool.js';

/** Options of `postgresOutbox`. */
export interface PostgresOutboxOptions {
  /** A `Pool` of the package `pg`; the relay keeps one connection of it to listen. Closing it is up to the app. */
  readonly pool?: PgPool;
  /** Where PostgreSQL is, for a small pool of its own. Not together with `pool`. Defaults to `SCALR_POSTGRES_URL`. */
  readonly url?: string;
  /** Schema of the tables. Defaults to `'scalr_queue'`. */
  readonly schema?: string;
  /** How a statement runs in a transaction of the app's database library. Defaults to clients of `pg`. */
  readonly adapter?: OutboxAdapter | OutboxAdapterFunction;
  /**
   * Whether a plain `enqueue` in the middle of a transaction, where the adapter can tell, is refused: it has to say `{ tx }`. Defaults to
   * false: it joins the transaction.
   */
  readonly strict?: boolean;
  /**
   * Whether commits wake the relay with NOTIFY. PostgreSQL lets transactions that do so commit one after the other: with many hundred a
   * second, `false` lets the relay look every 250 ms. Defaults to true.
   */
  readonly notify?: boolean;
  /** Which processes take turns at relaying: `'workers'`, or with `'everywhere'` those that only enqueue, too. Defaults to `'workers'`. */
  readonly relay?: 'workers' | 'everywhere';
  /** How long jobs that have ended stay in the table, at least an hour. Defaults to `'7d'`. */
  readonly keep?: Duration;
}

/** All of them, checked. */
export interface OutboxSettings {
  readonly pool: PgPool | undefined;
  readonly url: string | undefined;
  readonly schema: string;
  readonly adapter: OutboxAdapter;
  readonly strict: boolean;
  readonly notify: boolean;
  readonly relay: 'workers' | 'everywhere';
  /** In milliseconds. */
  readonly keep: number;
}

export const DEFAULT_SCHEMA = 'scalr_queue';
const DEFAULT_KEEP = '7d';
const MIN_KEEP = 3_600_000;
const SCHEMA = /^[a-z_][a-z0-9_]{0,62}$/;
const check = new OptionChecker(QueueConfigError);

/** @throws QueueConfigError */
export function resolveOutboxOptions(options: PostgresOutboxOptions): OutboxSettings {
  const given = check.object('the options of postgresOutbox', options, [
    'pool', 'url', 'schema', 'adapter', 'strict', 'notify', 'relay', 'keep',
  ]); // prettier-ignore
  if (given.pool !== undefined && given.url !== undefined)
    throw new QueueConfigError('expected postgresOutbox to get pool or url, got both');
  if (given.pool !== undefined && !isPool(given.pool))
    check.fail('pool', 'a Pool of the package pg', given.pool);
  return {
    pool: given.pool as PgPool | undefined,
    url: given.pool === undefined ? resolveUrl(given.url) : undefined,
    schema: checkSchema(given.schema ?? DEFAULT_SCHEMA),
    adapter: resolveAdapter(given.adapter),
    strict: given.strict !== undefined && check.boolean('strict', given.strict),
    notify: given.notify === undefined || check.boolean('notify', given.notify),
    relay: check.oneOf('relay', given.relay ?? 'workers', ['workers', 'everywhere']),
    keep: check.duration('keep', given.keep ?? DEFAULT_KEEP, MIN_KEEP),
  };
}

/** The name of a schema that needs no quotes. */
export function checkSchema(value: unknown): string {
  if (typeof value === 'string' && SCHEMA.test(value)) return value;
  return check.fail(
    'schema',
    'at most 63 lower case letters, digits and "_", beginning with no digit',
    value,
  );
}

/** Where PostgreSQL is: as given, else as the environment says. The URL may stand in a file: `SCALR_POSTGRES_URL_FILE`. */
export function resolveUrl(given: unknown): string {
  const { SCALR_POSTGRES_URL: url, SCALR_POSTGRES_URL_FILE: file } = process.env;
  const found = given ?? (url || (file ? readFileSync(file, 'utf8').trim() : undefined));
  if (found === undefined)
    throw new QueueConfigError(
      'no PostgreSQL is configured: set SCALR_POSTGRES_URL, or give postgresOutbox a pool or a url like postgres://user@host:5432/app',
    );
  if (typeof found === 'string' && /^postgres(ql)?:\/\/./.test(found)) return found;
  const name = given === undefined ? 'SCALR_POSTGRES_URL' : 'url';
  return check.fail(
    name,
    'a URL like postgres://user@host:5432/app',
    typeof found === 'string' ? new HiddenValue('another text') : found,
  );
}

function resolveAdapter(given: unknown): OutboxAdapter {
  if (given === undefined) return pgAdapter;
  if (typeof given === 'function') return { statement: given as OutboxAdapterFunction };
  const adapter = check.object('adapter', given, ['expects', 'statement', 'transaction', 'run']);
  for (const name of ['statement', 'transaction', 'run'])
    if (typeof adapter[name] !== 'function' && (name === 'statement' || adapter[name] !== undefined))
      check.fail(`adapter.${name}`, 'a function', adapter[name]);
  return given as OutboxAdapter;
}

function isPool(value: unknown): value is PgPool {
  return typeof value === 'object' && value !== null && 'connect' in value && 'query' in value;
}
