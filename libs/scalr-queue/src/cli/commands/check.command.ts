import type { Command } from 'commander';
import { duration } from '../arguments.js';
import { type Check, checksOf, type Demands } from '../checks.js';
import type { Cli } from '../cli.js';
import { CliError, describeFailure } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { cleanText } from '../../observability/clean-text.js';

/** The command has ended after this time, whatever happens: milliseconds since it began. */
const DEADLINE = 1_800;

/** `scalr-queue check` */
export function registerCheck(program: Command, cli: Cli): void {
  program
    .command('check')
    .description(
      'whether the app works: Redis answers, and queues with work have a live worker; exit code 0 or 1 within 2 s',
    )
    .option(
      '--max-age <duration>',
      'fail when the oldest job of a queue that could run waits longer, as in 10m',
      duration,
    )
    .option('--queue <name...>', 'look at these queues only, and demand a live worker for each')
    .option('--all', 'look at all apps of the Redis, as the operator; takes longer', false)
    .action(async ({ all, ...flags }: Demands & { all: boolean }) => {
      if (all) return checkAll(cli, flags);
      const watchdog = setTimeout(
        () => {
          report(cli, [{ name: 'redis', ok: false, message: 'no answer in time' }]);
          process.exit(ExitCode.failed);
        },
        Math.max(0, DEADLINE - (performance.now() - cli.startedAt)),
      );
      const checks = await look(cli, flags).finally(() => clearTimeout(watchdog));
      report(cli, checks);
      cli.exitCode = checks.every(({ ok }) => ok) ? ExitCode.ok : ExitCode.failed;
    });
}

async function checkAll(cli: Cli, flags: Demands): Promise<void> {
  if (flags.queue) throw new CliError('--queue is for one app: leave out --all', ExitCode.usage);
  const { readAllApps } = await import('../../engine/redis/survey/all-apps.js');
  const { apps } = await readAllApps(cli.flags);
  const checks = [
    { name: 'redis', ok: true, message: 'it answers' },
    ...apps.flatMap(({ app, queues }) =>
      checksOf(queues, flags).map((check) => ({ ...check, name: `${app} ${check.name}` })),
    ),
  ];
  report(cli, checks);
  cli.exitCode = checks.every(({ ok }) => ok) ? ExitCode.ok : ExitCode.failed;
}

async function look(cli: Cli, flags: Demands): Promise<Check[]> {
  const { readQueues } = await import('../../engine/redis/survey/lean-queues.js');
  try {
    const queues = await readQueues(cli.flags);
    return [{ name: 'redis', ok: true, message: 'it answers' }, ...checksOf(queues, flags)];
  } catch (error) {
    const { message, exitCode } = describeFailure(error);
    if (exitCode === ExitCode.usage) throw new CliError(message, exitCode);
    return [{ name: 'redis', ok: false, message }];
  }
}

function report(cli: Cli, checks: readonly Check[]): void {
  const { paint } = cli;
  cli.print({ ok: checks.every(({ ok }) => ok), checks }, () =>
    checks
      .map(({ name, ok, message }) => {
        const mark = ok ? paint.good('ok  ') : paint.bad('FAIL');
        return `${mark}  ${cleanText(name)}: ${cleanText(message)}`;
      })
      .join('\n'),
  );
}
