import type { Command } from 'commander';
import type { DeployedVersion, GoneWorker, WorkerInfo } from '../../contract/worker-info.js';
import type { QueuesService } from '../../inspection/queues.service.js';
import type { Cli } from '../cli.js';
import { allApps, type WhichApps, withApps } from '../several-apps.js';
import type { Column } from '../output/table.js';
import { formatDuration, formatMoment } from '../output/units.js';

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

const GONE_COLUMNS: readonly Column<GoneWorker>[] = [
  { title: 'host', of: ({ host }) => host },
  { title: 'pid', of: ({ pid }) => pid },
  { title: 'program', of: ({ program }) => program },
  { title: 'version', of: ({ version }) => version },
  { title: 'last seen', of: ({ seenAt }) => formatMoment(seenAt) },
  { title: 'lived', of: ({ startedAt, seenAt }) => formatDuration(+seenAt - +startedAt) },
  { title: 'end', of: ({ clean }) => (clean ? 'shut down' : { value: 'died', tone: 'bad' }) },
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

/** Which workers, or what of them. */
interface Flags {
  readonly lost: boolean;
  readonly gone: boolean;
  readonly versions: boolean;
}

/** `scalr-queue workers` */
export function registerWorkers(program: Command, cli: Cli): void {
  program
    .command('workers')
    .description('live worker processes: where they run, what they take, and what they are doing')
    .option('--lost', 'workers that died without shutting down in the last day, and what they ran', false)
    .option('--gone', 'the last hundred that shut down or died, and what they ran', false)
    .option('--versions', 'the last 50 versions that workers ran, and when each was first seen', false)
    .addOption(allApps())
    .action((flags: Flags & WhichApps) =>
      withApps(cli, { all: flags.all }, ({ queues }, out) => show(queues, flags, out)),
    );
}

async function show(queues: QueuesService, { lost, gone, versions }: Flags, cli: Cli): Promise<void> {
  if (versions)
    return cli.list({
      rows: await queues.versions(),
      columns: VERSION_COLUMNS,
      none: 'no worker has told its version',
    });
  if (gone)
    return cli.list({
      rows: await queues.goneWorkers(),
      columns: GONE_COLUMNS,
      none: 'no worker is known to be gone',
    });
  if (!lost) return cli.list({ rows: await queues.workers(), columns: COLUMNS, none: 'no live worker' });
  const none = 'no worker died without shutting down in the last day';
  cli.list({ rows: await queues.lostWorkers(), columns: LOST_COLUMNS, none });
}
