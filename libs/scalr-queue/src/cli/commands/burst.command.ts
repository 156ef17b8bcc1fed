import type { Command } from 'commander';
import { QueueConfigError } from '../../contract/errors/configuration.errors.js';
import { formatBurst, toBurstSettings } from '../../config/burst-options.js';
import { OptionChecker } from '../../contract/option-checker.js';
import type { BurstSummary } from '../../worker/burst.summary.js';
import type { Cli } from '../cli.js';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { renderFields } from '../output/table.js';
import { formatDuration } from '../output/units.js';
import { ChildGroup } from '../processes/child.process.js';
import { DEFAULT_ENTRY, environmentOf, existingEntry } from '../processes/entry.js';
import { onStopSignal } from '../processes/stop-signals.js';

interface BurstFlags {
  readonly grace?: string;
  readonly drainRetries?: boolean;
  readonly timeout?: string;
  readonly queue?: string[];
}

const check = new OptionChecker(QueueConfigError);

/** `scalr-queue burst` */
export function registerBurst(program: Command, cli: Cli): void {
  program
    .command('burst')
    .description(
      'run a worker until its queues are empty, then report what it did; exit code 1 when a job died',
    )
    .argument('[entry]', 'file that calls runWorker', DEFAULT_ENTRY)
    .option('--grace <duration>', 'wait for delayed jobs that are due within this time from the start')
    .option('--drain-retries', 'wait for the retries of jobs that fail meanwhile')
    .option('--timeout <duration>', 'shut down after this time')
    .option('--queue <name...>', 'the only queues to work on')
    .action(async (entry: string, { queue, ...flags }: BurstFlags) => {
      const given = Object.fromEntries(
        Object.entries(flags).map(([name, value]) => [name, durationOf(value)]),
      );
      const settings = toBurstSettings(check, 'burst', given)!;
      const env = {
        ...environmentOf(cli.flags),
        SCALR_WORKER_BURST: formatBurst(settings),
        // Nobody asks for its health, and the port may be that of another worker.
        SCALR_WORKER_PORT: '0',
        ...(queue ? { SCALR_WORKER_QUEUES: queue.join(',') } : {}),
      };
      const summary = await runBurst(existingEntry(entry), env, cli);
      if (summary.ended !== 'empty' || summary.dead > 0) cli.exitCode = ExitCode.failed;
      cli.print(summary, () => render(summary, cli));
    });
}

async function runBurst(script: string, env: Record<string, string>, cli: Cli): Promise<BurstSummary> {
  const worker = ChildGroup.node(script, env, cli.flags.json ? 'stderr' : 'inherit');
  const unlisten = onStopSignal(() => worker.signal('SIGTERM'));
  let summary: BurstSummary | undefined;
  worker.onMessage((message) => {
    summary = (message as { scalrBurst?: BurstSummary }).scalrBurst ?? summary;
  });
  try {
    const { code, signal } = await worker.exited;
    if (summary) return summary;
    throw new CliError(
      `the worker ended ${signal ? `by ${signal}` : `with exit code ${code}`} before its burst did`,
    );
  } finally {
    unlisten();
  }
}

function render({ ended, left, durationMs, ...counts }: BurstSummary, { paint }: Cli): string {
  const rest = left.map(({ queue, waiting, delayed, running, paused }) => {
    return `${queue}${paused ? ' (paused)' : ''}: ${waiting} waiting, ${delayed} delayed, ${running} running`;
  });
  return renderFields(
    [
      [
        'burst',
        { value: `${ended} after ${formatDuration(durationMs)}`, tone: ended === 'empty' ? 'good' : 'bad' },
      ],
      ['completed', counts.completed],
      ['failed attempts', counts.failed],
      ['dead', counts.dead > 0 ? { value: counts.dead, tone: 'bad' } : 0],
      ['handed back', counts.handedBack],
      ['left', rest.join('; ') || 'nothing'],
    ],
    paint,
  );
}

/** A number on the command line is one of milliseconds. */
function durationOf(value: unknown): unknown {
  return typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
}
