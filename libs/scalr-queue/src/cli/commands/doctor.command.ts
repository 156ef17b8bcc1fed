import { type Command, Option } from 'commander';
import type { Finding, ProcessRole } from '../../engine/finding.js';
import { InvalidOptionError } from '../../contract/errors/configuration.errors.js';
import { OptionChecker } from '../../contract/option-checker.js';
import type { ResolvedOptions } from '../../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../../config/tokens.js';
import type { Cli } from '../cli.js';
import { ExitCode } from '../exit-codes.js';
import type { Session } from '../session.js';

const check = new OptionChecker(InvalidOptionError);
const MAX_BUDGET_MS = 60_000;

/** `scalr-queue doctor` */
export function registerDoctor(program: Command, cli: Cli): void {
  program
    .command('doctor')
    .description('check Redis and the app: what is wrong, and how to fix it; exit code 1 for danger')
    .addOption(
      new Option('--role <role>', 'whose permissions to try')
        .choices(['producer', 'worker'])
        .default('worker'),
    )
    .option('--budget <duration>', 'time for counting keys', '2s')
    .option('--all', 'look at all apps of the Redis, as the operator', false)
    .action(({ role, budget, all }: { role: ProcessRole; budget: string; all: boolean }) => {
      if (all) return examineAll(cli);
      return cli.withApp(async (session) => {
        const given = /^\d+$/.test(budget) ? Number(budget) : budget;
        const milliseconds = check.duration('--budget', given, 0, MAX_BUDGET_MS);
        const doctor = await makeDoctor(session);
        const { renderDoctor } = await import('../doctor/doctor.view.js');
        const others = await outboxFindings(session);
        const report = await doctor.examine({ role, budget: milliseconds }, others);
        if (!report.healthy) cli.exitCode = ExitCode.failed;
        cli.print(report, () => renderDoctor(report, cli.paint, cli.stdout.columns));
      });
    });
}

/** Of the outbox, where the environment says where it is. */
async function outboxFindings(session: Session): Promise<Finding[]> {
  const { SCALR_POSTGRES_URL: url, SCALR_POSTGRES_URL_FILE: file } = process.env;
  if (!url && !file) return [];
  const [{ OutboxAdmin }, { DEFAULT_SCHEMA, resolveUrl }] = await Promise.all([
    import('../../outbox/outbox.admin.js'),
    import('../../outbox/outbox.options.js'),
  ]);
  const { app } = session.context.get<ResolvedOptions>(RESOLVED_OPTIONS, { strict: false });
  const admin = new OutboxAdmin({ url: resolveUrl(undefined), schema: DEFAULT_SCHEMA });
  try {
    return await admin.findings(app);
  } finally {
    await admin.close();
  }
}

/** What is wrong with the server, and in each app. */
async function examineAll(cli: Cli): Promise<void> {
  const [{ readAllApps }, { renderApps }, { checkApp }, { checkLoad }, { renderFinding }] = await Promise.all(
    [
      import('../../engine/redis/survey/all-apps.js'),
      import('../apps/apps.view.js'),
      import('../../doctor/app.checks.js'),
      import('../../engine/redis/survey/server.checks.js'),
      import('../doctor/doctor.view.js'),
    ],
  );
  const { details, ...report } = await readAllApps(cli.flags);
  const findings = [
    ...checkLoad(report.server),
    ...[...details].flatMap(([app, detail]) =>
      checkApp(detail).map((finding) => ({ ...finding, problem: `${app}: ${finding.problem}` })),
    ),
  ];
  if (findings.some(({ severity }) => severity !== 'warning')) cli.exitCode = ExitCode.failed;
  cli.print({ ...report, findings }, () =>
    [
      renderApps(report, cli.paint, cli.stdout.columns).join('\n'),
      ...findings.map((finding) => renderFinding(finding, cli.paint)),
      ...(findings.length === 0 ? [cli.paint.good('nothing is wrong')] : []),
    ].join('\n\n'),
  );
}

async function makeDoctor(session: Session) {
  const [{ Doctor }, { ServerSurvey }, { AppState }, { ScheduleStore }] = await Promise.all([
    import('../../doctor/doctor.js'),
    import('../../engine/redis/survey/server.survey.js'),
    import('../../inspection/app.state.js'),
    import('../../scheduling/schedule.store.js'),
  ]);
  const options = session.context.get<ResolvedOptions>(RESOLVED_OPTIONS, { strict: false });
  return new Doctor(
    session.engine,
    session.get(ServerSurvey),
    session.get(AppState),
    session.get(ScheduleStore),
    options,
  );
}
