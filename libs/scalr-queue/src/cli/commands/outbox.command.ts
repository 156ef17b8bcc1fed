import type { Command } from 'commander';
import { checkApp } from '../../config/resolved-options.js';
import { readEnvironment } from '../../config/environment.js';
import { InvalidOptionError } from '../../contract/errors/configuration.errors.js';
import { OptionChecker } from '../../contract/option-checker.js';
import type { OutboxAdmin, OutboxReport } from '../../outbox/outbox.admin.js';
import type { Cli } from '../cli.js';
import { formatBytes, formatDuration } from '../output/units.js';
import { confirm } from '../question.js';

const check = new OptionChecker(InvalidOptionError);

interface Flags {
  readonly postgres?: string;
  readonly schema: string;
}

interface ReplayFlags extends Flags {
  readonly since: string;
  readonly ended: boolean;
  readonly dryRun: boolean;
  readonly yes: boolean;
}

/** `scalr-queue outbox sql | migrate | status | replay` */
export function registerOutbox(program: Command, cli: Cli): void {
  const outbox = program.command('outbox').description('the tables in PostgreSQL that jobs are recorded in');
  const place = (command: Command) =>
    command
      .option(
        '--postgres <url>',
        'where PostgreSQL is; defaults to SCALR_POSTGRES_URL, which no list of processes shows',
      )
      .option('--schema <name>', 'schema of the tables', 'scalr_queue');
  outbox
    .command('sql')
    .description('print the SQL that makes the tables, for a migration of the app')
    .option('--schema <name>', 'schema of the tables', 'scalr_queue')
    .option('--from <version>', 'version that the tables have', '0')
    .action(async ({ schema, from }: { schema: string; from: string }) => {
      const [{ migrationSql }, { checkSchema }] = await Promise.all([
        import('../../outbox/outbox.migrations.js'),
        import('../../outbox/outbox.options.js'),
      ]);
      const version = check.integer('--from', Number(from), 0, 1_000);
      const sql = migrationSql(checkSchema(schema), version);
      cli.print({ sql }, () => sql.trimEnd());
    });
  place(outbox.command('migrate'))
    .description('make the tables, or change them to those of this release')
    .action((flags: Flags) =>
      withAdmin(flags, async (admin) => {
        const { from, to } = await admin.migrate();
        cli.print({ from, to }, () =>
          from === to ? `nothing to do: the tables have version ${to}` : `made version ${to} of the tables`,
        );
      }),
    );
  place(outbox.command('status'))
    .description('how many jobs wait for Redis, and who relays them')
    .action((flags: Flags) =>
      withAdmin(flags, async (admin) => {
        const report = await admin.status(appOf(cli));
        cli.print(report, () => render(report));
      }),
    );
  place(outbox.command('replay'))
    .description('send durable jobs that have not ended, and refused ones, to Redis again')
    .option('--since <duration>', 'those that were recorded within this time', '1d')
    .option(
      '--ended',
      'also those that have ended: they run once more unless Redis remembers their ids',
      false,
    )
    .option('--dry-run', 'only count them', false)
    .option('--yes', 'do not ask', false)
    .action((flags: ReplayFlags) => withAdmin(flags, (admin) => replay(cli, admin, flags)));
}

async function replay(cli: Cli, admin: OutboxAdmin, flags: ReplayFlags): Promise<void> {
  const { ended, dryRun, yes } = flags;
  const app = appOf(cli);
  const sinceMs = check.duration('--since', /^\d+$/.test(flags.since) ? Number(flags.since) : flags.since);
  const matched = await admin.replay(app, { sinceMs, ended, dryRun: true });
  if (dryRun) return cli.print({ matched, replayed: 0 }, () => `would send ${matched} recorded jobs again`);
  if (matched > 0) await confirm(cli, `send ${matched} recorded jobs of ${app} again?`, yes);
  const replayed = matched > 0 ? await admin.replay(app, { sinceMs, ended, dryRun: false }) : 0;
  cli.print({ matched, replayed }, () => `${replayed} recorded jobs are sent again`);
}

async function withAdmin(
  { postgres, schema }: Flags,
  work: (admin: OutboxAdmin) => Promise<void>,
): Promise<void> {
  const [{ OutboxAdmin: Admin }, { checkSchema, resolveUrl }] = await Promise.all([
    import('../../outbox/outbox.admin.js'),
    import('../../outbox/outbox.options.js'),
  ]);
  const admin = new Admin({ url: resolveUrl(postgres), schema: checkSchema(schema) });
  try {
    await work(admin);
  } finally {
    await admin.close();
  }
}

const appOf = (cli: Cli): string => checkApp(cli.flags.app, readEnvironment());

function render({
  app,
  pending,
  oldestPendingAgeMs: age,
  refused,
  open,
  done,
  relay,
  bytes,
}: OutboxReport): string {
  const oldest = pending > 0 ? `, the oldest for ${formatDuration(age)}` : '';
  return [
    `app       ${app}`,
    `pending   ${pending} wait for Redis${oldest}`,
    `open      ${open} durable jobs were sent and have not ended`,
    `done      ${done}`,
    `refused   ${refused}`,
    `relay     ${relay ?? 'nobody'}`,
    `size      ${formatBytes(bytes)}, all apps`,
  ].join('\n');
}
