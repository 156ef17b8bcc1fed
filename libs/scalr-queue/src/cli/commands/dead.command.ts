import type { Command } from 'commander';
import type { DeadGroup } from '../../dead-letter/dead-group.js';
import type { DeadJob } from '../../contract/dead-job.js';
import { redactSecrets } from '../../observability/redaction.js';
import { wholeNumber } from '../arguments.js';
import type { Cli } from '../cli.js';
import { allApps, type WhichApps, withApps } from '../several-apps.js';
import { jobColumns, shortError } from '../job-text.js';
import type { Column } from '../output/table.js';
import { formatMoment } from '../output/units.js';
import { redactedJob } from '../../observability/redacted-job.js';
import { addFilter, type FilterFlags, filterOf } from './dead-filter.js';
import { registerDeadAction } from './dead-action.js';
import { registerRedrives } from './dead-redrive.js';

const COLUMNS: readonly Column<DeadJob>[] = [
  { title: 'id', of: ({ id }) => id },
  { title: 'name', of: ({ name }) => name },
  { title: 'queue', of: ({ queue }) => queue },
  { title: 'reason', of: ({ reason }) => reason },
  { title: 'attempts', of: ({ attempt }) => attempt },
  { title: 'died', of: ({ finishedAt }) => finishedAt && formatMoment(finishedAt) },
  { title: 'error', of: shortError },
];

const GROUP_COLUMNS: readonly Column<DeadGroup>[] = [
  { title: 'group', of: ({ fingerprint }) => fingerprint },
  { title: 'jobs', of: ({ jobs }) => jobs },
  { title: 'name', of: ({ name }) => name },
  { title: 'reason', of: ({ reason }) => reason },
  { title: 'first', of: ({ firstDiedAt }) => formatMoment(firstDiedAt) },
  { title: 'last', of: ({ lastDiedAt }) => formatMoment(lastDiedAt) },
  { title: 'error', of: shortError },
];

interface ListFlags extends FilterFlags {
  readonly limit: number;
  readonly cursor?: string;
  readonly all?: boolean;
}

/** `scalr-queue dead list | groups | retry | ops | stop | delete` */
export function registerDead(program: Command, cli: Cli): void {
  const dead = program.command('dead').description('the jobs that gave up');
  addFilter(dead.command('list').description('a page of them, the newest first'))
    .option('--limit <number>', 'jobs on the page, 1 to 1000', wholeNumber, 20)
    .option('--cursor <cursor>', 'continue after the previous page')
    .addOption(allApps())
    .action((flags: ListFlags) =>
      withApps(cli, { all: flags.all, single: flags.cursor && 'a cursor' }, ({ deadLetters }, out) =>
        list(deadLetters, out, flags),
      ),
    );
  addFilter(dead.command('groups').description('what they died of, the largest group first'))
    .addOption(allApps())
    .action((flags: FilterFlags & WhichApps) =>
      withApps(cli, { all: flags.all }, ({ deadLetters }, out) => groups(deadLetters, out, flags)),
    );
  registerDeadAction(dead, cli, {
    name: 'retry',
    description: 'put them back into their queues, with all their attempts',
    done: 'retried',
    asksForOne: false,
  });
  registerRedrives(dead, cli);
  registerDeadAction(dead, cli, {
    name: 'delete',
    description: 'remove them for good',
    done: 'deleted',
    asksForOne: true,
  });
}

type Service = import('../../dead-letter/dead-letter.service.js').DeadLetterService;

async function list(service: Service, cli: Cli, flags: ListFlags): Promise<void> {
  const { limit, cursor } = flags;
  const page = await service.list(filterOf(flags), { limit, ...(cursor === undefined ? {} : { cursor }) });
  cli.list({
    rows: page.jobs,
    columns: (shown) => jobColumns(COLUMNS, shown),
    none: 'no dead job',
    data: { ...page, jobs: page.jobs.map(shownOf) },
  });
  if (page.cursor) cli.note(`more: the same with --cursor ${page.cursor}`);
}

async function groups(service: Service, cli: Cli, flags: FilterFlags): Promise<void> {
  const found = await service.groups(filterOf(flags));
  cli.list({
    rows: found.groups,
    columns: GROUP_COLUMNS,
    none: 'no dead job',
    data: { ...found, groups: found.groups.map(redactedJob) },
  });
  if (found.ungrouped) cli.note(`${found.ungrouped} more jobs, of more than 1,000 groups, are left out`);
}

/** Without the payload, and without the secrets of errors. */
function shownOf({ payload: _payload, failures: _failures, stack, ...job }: DeadJob) {
  return { ...redactedJob(job), ...(stack === undefined ? {} : { stack: redactSecrets(stack) }) };
}
