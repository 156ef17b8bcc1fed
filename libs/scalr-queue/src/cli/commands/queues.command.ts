import type { Command } from 'commander';
import type { QueueInfo } from '../../contract/queue-info.js';
import type { Cli } from '../cli.js';
import type { Column } from '../output/table.js';
import { formatDuration } from '../output/units.js';
import { allApps, type WhichApps, withApps } from '../several-apps.js';
import { registerSample } from './queue-sample.js';

const COLUMNS: readonly Column<QueueInfo>[] = [
  { title: 'queue', of: ({ name }) => name },
  { title: 'waiting', of: ({ waiting }) => waiting },
  { title: 'delayed', of: ({ delayed }) => delayed },
  { title: 'running', of: ({ running }) => running },
  { title: 'dead', of: ({ dead }) => (dead > 0 ? { value: dead, tone: 'bad' } : dead) },
  {
    title: 'oldest',
    of: ({ oldestPendingAgeMs: age }) => (age > 0 ? formatDuration(age) : undefined),
  },
  { title: 'workers', of: ({ workers }) => (workers === 0 ? { value: 0, tone: 'bad' } : workers) },
  {
    title: 'state',
    of: ({ paused, problem }) =>
      problem ? { value: problem.code, tone: 'bad' } : paused ? { value: 'paused', tone: 'warn' } : 'open',
  },
];

/** `scalr-queue queues`, `scalr-queue queues sample QUEUE` */
export function registerQueues(program: Command, cli: Cli): void {
  const group = program
    .command('queues')
    .description('all queues: how full they are, how old their oldest job is, and who works on them');
  group
    .command('list', { isDefault: true })
    .description('all queues')
    .addOption(allApps())
    .action((which: WhichApps) =>
      withApps(cli, which, async ({ queues }, out) =>
        out.list({
          rows: await queues.list(),
          columns: COLUMNS,
          none: 'no queue yet: nothing was enqueued, and no worker runs',
        }),
      ),
    );
  registerSample(group, cli);
}
