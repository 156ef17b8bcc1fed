import type { Command } from 'commander';
import type { DeployedVersion, WorkerInfo } from '../../contract/worker-info.js';
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

const LOST_COLUMNS: readonly Column<WorkerInfo>[] = [
  ...COLUMNS.filter(({ title }) => ['host', 'pid', 'program', 'version'].includes(title)),
  { title: 'last seen', of: ({ seenAt }) => formatMoment(seenAt) },
  { title: 'ran', of: ({ running }) => running },
  { title: 'first jobs', of: ({ runningJobs }) => firstOf(runningJobs) },
];

const VERSION_COLUMNS: readonly Column<DeployedVersion>[] = [
  { title: 'version', of: ({ version }) => version },
  { title: 'first seen', of: ({ firstSeenAt }) => formatMoment(firstSeenAt) },
];

function firstOf(jobs: WorkerInfo['runningJobs']): string {
  return jobs
    .slice(0, 3)
    .map(({ queue, id }) => `${queue}/${id}`)
    .join(' ');
}

/** `scalr-queue workers` */
export function registerWorkers(program: Command, cli: Cli): void {
  program
    .command('workers')
    .description('live worker processes: where they run, what they take, and what they are doing')
    .option('--lost', 'workers that died without shutting down in the last day, and what they ran', false)
    .option('--versions', 'the last 50 versions that workers ran, and when each was first seen', false)
    .action(({ lost, versions }: { lost: boolean; versions: boolean }) =>
      cli.withApp(async ({ queues }) => {
        const { columns } = cli.stdout;
        if (versions) {
          const deployed = await queues.versions();
          return cli.print(deployed, () =>
            deployed.length === 0
              ? 'no worker has told its version'
              : renderTable(VERSION_COLUMNS, deployed, cli.paint, columns),
          );
        }
        if (lost) {
          const gone = await queues.lostWorkers();
          return cli.print(gone, () =>
            gone.length === 0
              ? 'no worker died without shutting down in the last day'
              : renderTable(LOST_COLUMNS, gone, cli.paint, columns),
          );
        }
        const found = await queues.workers();
        cli.print(found, () =>
          found.length === 0 ? 'no live worker' : renderTable(COLUMNS, found, cli.paint, columns),
        );
      }),
    );
}
