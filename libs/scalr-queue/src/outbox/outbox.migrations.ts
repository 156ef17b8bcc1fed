/** One change of the tables. What was released is never changed again: what comes is another one. */
interface Migration {
  readonly version: number;
  readonly sql: (schema: string) => string;
}

const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    sql: (schema) => `create schema if not exists ${schema};

create table ${schema}.migration (
  version integer primary key,
  at timestamptz not null default now()
);

-- Recorded jobs, of all apps in this database.
create table ${schema}.outbox (
  seq bigint generated always as identity primary key,
  app text not null,
  name text not null,
  id text not null,
  queue text not null,
  payload json not null,
  options json not null,
  durable boolean not null default false,
  created_at timestamptz not null default clock_timestamp(),
  sent_at timestamptz,
  done_at timestamptz,
  tries integer not null default 0,
  retry_at timestamptz,
  error text,
  constraint outbox_job unique (app, name, id)
) with (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);

create index outbox_pending on ${schema}.outbox (app, seq) where sent_at is null and error is null;
create index outbox_open on ${schema}.outbox (app, seq) where sent_at is not null and done_at is null;
create index outbox_done on ${schema}.outbox (app, done_at) where done_at is not null;
create index outbox_refused on ${schema}.outbox (app, seq) where error is not null;

-- Which process relays the jobs of an app, and the mark of the Redis that they went to.
create table ${schema}.relay (
  app text primary key,
  holder text not null,
  until timestamptz not null,
  epoch text
) with (fillfactor = 50);

-- What handlers have done in a transaction of theirs.
create table ${schema}.receipt (
  app text not null,
  job_id text not null,
  key text not null,
  at timestamptz not null default clock_timestamp(),
  primary key (app, job_id, key)
);

create index receipt_at on ${schema}.receipt (app, at);

insert into ${schema}.migration (version) values (1);
`,
  },
  {
    version: 2,
    sql: (schema) => `-- What a handler has given, for its later runs.
alter table ${schema}.receipt add column result text;

insert into ${schema}.migration (version) values (2);
`,
  },
];

/** The version of the tables that this release works with. */
export const SCHEMA_VERSION = MIGRATIONS.at(-1)!.version;

/** The SQL that brings the tables from a version to that of this release: for `scalr-queue outbox sql`, and migrations of the app. */
export function migrationSql(schema: string, from = 0): string {
  return migrationsAfter(from)
    .map(({ version, sql }) => `-- scalr-queue outbox, version ${version}\n${sql(schema)}`)
    .join('\n');
}

/** Those that are missing in a database with a version. */
export function migrationsAfter(version: number): readonly Migration[] {
  return MIGRATIONS.filter((migration) => migration.version > version);
}
