import type { Command } from 'commander';
import type { PingResult } from '../../contract/ping.js';
import type { Cli } from '../cli.js';
import { ExitCode } from '../exit-codes.js';
import { type Column, renderTable } from '../output/table.js';
import { formatDuration } from '../output/units.js';
import type { Duration } from '../../contract/duration.js';

interface PingFlags {
  readonly queue?: string[];
  readonly timeout: string;
}

const REASONS: Readonly<Record<NonNullable<PingResult['reason']>, string>> = {
  'no-worker': 'no live worker takes jobs from it',
  paused: 'the queue is paused',
  timeout: 'no worker was free in time',
};
const COLUMNS: readonly Column<PingResult>[] = [
  { title: 'queue', of: ({ queue }) => queue },
  {
    title: 'answer',
    of: (ping) => (ping.answered ? { value: 'pong', tone: 'good' } : { value: 'none', tone: 'bad' }),
  },
  { title: 'round trip', of: ({ roundTripMs: ms }) => (ms === undefined ? undefined : formatDuration(ms)) },
  { title: 'worker', of: whoOrWhy },
];

/** `scalr-queue ping` */
export function registerPing(program: Command, cli: Cli): void {
  program
    .command('ping')
    .description('smoke test: send a tiny job through each queue and wait until a worker answers')
    .option('--queue <name...>', 'the only queues to try')
    .option('--timeout <duration>', 'longest time to wait for an answer', '5s')
    .action(({ queue, timeout }: PingFlags) =>
      cli.withApp(async ({ queues }) => {
        const names = queue ?? (await queues.list()).map(({ name }) => name);
        const wait = (/^\d+$/.test(timeout) ? Number(timeout) : timeout) as Duration;
        const pings = await Promise.all(names.map((name) => queues.ping(name, { timeout: wait })));
        if (pings.length === 0 || pings.some(({ answered }) => !answered)) cli.exitCode = ExitCode.failed;
        cli.print(pings, () =>
          pings.length === 0
            ? 'no live worker, and no queue: nothing was ever enqueued'
            : renderTable(COLUMNS, pings, cli.paint, cli.stdout.columns),
        );
      }),
    );
}

function whoOrWhy({ worker, reason, answered }: PingResult): string {
  if (worker) return `${worker.host}:${worker.pid}`;
  return answered ? 'one of an older version' : REASONS[reason ?? 'timeout'];
}
