import type { Command } from 'commander';
import type { QueueInfo } from '../../jobs/queue-info.js';
import { duration } from '../arguments.js';
import type { Cli } from '../cli.js';
import { CliError, describeFailure } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { cleanText } from '../output/clean-text.js';
import { formatDuration } from '../output/units.js';

/** The process has ended after this time, whatever happens: milliseconds since its start. */
const DEADLINE = 1_800;

interface Flags {
  readonly maxAge?: number;
  readonly queue?: string[];
}

/** One thing that was looked at. */
interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly message: string;
}

/** `scalr-queue check` */
export function registerCheck(program: Command, cli: Cli): void {
  program
    .command('check')
    .description(
      'whether the app works: Redis answers, every queue has a live worker; exit code 0 or 1 within 2 s',
    )
    .option(
      '--max-age <duration>',
      'fail when the oldest job of a queue that could run waits longer, as in 10m',
      duration,
    )
    .option('--queue <name...>', 'look at these queues only; all of the app by default')
    .action(async (flags: Flags) => {
      const watchdog = setTimeout(
        () => {
          report(cli, [{ name: 'redis', ok: false, message: 'no answer in time' }]);
          process.exit(ExitCode.failed);
        },
        Math.max(0, DEADLINE - process.uptime() * 1_000),
      );
      const checks = await look(cli, flags).finally(() => clearTimeout(watchdog));
      report(cli, checks);
      cli.exitCode = checks.every(({ ok }) => ok) ? ExitCode.ok : ExitCode.failed;
    });
}

async function look(cli: Cli, flags: Flags): Promise<Check[]> {
  const { readQueues } = await import('../lean-queues.js');
  try {
    const queues = await readQueues(cli.flags);
    return [{ name: 'redis', ok: true, message: 'it answers' }, ...checksOf(queues, flags)];
  } catch (error) {
    const { message, exitCode } = describeFailure(error);
    if (exitCode === ExitCode.usage) throw new CliError(message, exitCode);
    return [{ name: 'redis', ok: false, message }];
  }
}

function checksOf(queues: readonly QueueInfo[], { queue: wanted, maxAge }: Flags): Check[] {
  if (!wanted && queues.length === 0)
    return [{ name: 'queues', ok: false, message: 'no live worker, and nothing was ever enqueued' }];
  const missing = (wanted ?? []).filter((name) => !queues.some((queue) => queue.name === name));
  return [
    ...missing.map((name) => ({ name: `queue ${name}`, ok: false, message: 'the app has no such queue' })),
    ...queues.filter(({ name }) => !wanted || wanted.includes(name)).map((queue) => checkOf(queue, maxAge)),
  ];
}

function checkOf({ name, workers, oldestPendingAgeMs: age, paused }: QueueInfo, maxAge = Infinity): Check {
  const check = (ok: boolean, message: string) => ({ name: `queue ${name}`, ok, message });
  if (workers === 0) return check(false, 'no live worker');
  const held = paused ? ', paused' : '';
  if (age > maxAge)
    return check(
      false,
      `its oldest job waits for ${formatDuration(age)}, limit ${formatDuration(maxAge)}${held}`,
    );
  const alive = `${workers} live ${workers === 1 ? 'worker' : 'workers'}`;
  const oldest = age > 0 ? `oldest job waits for ${formatDuration(age)}` : 'nothing waits';
  return check(true, `${alive}, ${oldest}${held}`);
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
