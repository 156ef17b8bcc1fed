import type { Command } from 'commander';
import type { WorkerInfo } from '../../jobs/worker-info.js';
import type { Cli } from '../cli.js';
import { type Column, renderTable } from '../output/table.js';
import { formatMoment } from '../output/units.js';

const COLUMNS: readonly Column<WorkerInfo>[] = [
  { title: 'host', of: ({ host }) => host },
  { title: 'pid', of: ({ pid }) => pid },
  { title: 'program', of: ({ program }) => program },
  { title: 'version', of: ({ version }) => version },
  { title: 'queues', of: ({ queues }) => queues.join(',') },
  { title: 'running', of: ({ running }) => running },
  { title: 'since', of: ({ startedAt }) => formatMoment(startedAt) },
  { title: 'seen', of: ({ seenAt }) => formatMoment(seenAt) },
  { title: 'state', of: ({ draining }) => (draining ? { value: 'draining', tone: 'warn' } : 'working') },
];

/** `scalr-queue workers` */
export function registerWorkers(program: Command, cli: Cli): void {
  program
    .command('workers')
    .description('the worker processes that live: where they run, what they take, and what they are doing')
    .action(() =>
      cli.withApp(async ({ queues }) => {
        const found = await queues.workers();
        cli.print(found, () =>
          found.length === 0 ? 'no live worker' : renderTable(COLUMNS, found, cli.paint, cli.stdout.columns),
        );
      }),
    );
}
