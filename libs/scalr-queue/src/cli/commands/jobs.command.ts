import { type Command, Option } from 'commander';
import type { JobInfo, JobState } from '../../contract/job-info.js';
import { wholeNumber } from '../arguments.js';
import type { Cli } from '../cli.js';
import type { Column } from '../output/table.js';
import { formatMoment } from '../output/units.js';
import { redactedJob } from '../../observability/redacted-job.js';
import { allApps, withApps } from '../several-apps.js';
import { jobColumns, shortError, stateCell } from '../job-text.js';

const STATES: readonly JobState[] = ['running', 'waiting', 'delayed', 'dead', 'completed'];

const COLUMNS: readonly Column<JobInfo>[] = [
  { title: 'id', of: ({ id }) => id },
  { title: 'name', of: ({ name }) => name },
  { title: 'queue', of: ({ queue }) => queue },
  { title: 'state', of: stateCell },
  { title: 'attempt', of: ({ attempt, maxAttempts }) => `${attempt}/${maxAttempts}` },
  { title: 'enqueued', of: ({ enqueuedAt }) => formatMoment(enqueuedAt) },
  { title: 'when', of: whenOf },
  { title: 'error', of: shortError },
];

interface Flags {
  readonly state?: JobState;
  readonly queue?: string;
  readonly name?: string;
  readonly tag?: string;
  readonly limit: number;
  readonly cursor?: string;
  readonly all?: boolean;
}

/** `scalr-queue jobs` */
export function registerJobs(program: Command, cli: Cli): void {
  program
    .command('jobs')
    .description('a page of jobs, the newest first')
    .addOption(new Option('--state <state>', 'jobs in this state; all by default').choices(STATES))
    .option('--queue <name>', 'jobs of this queue')
    .option('--name <name>', 'jobs of the definition with this name')
    .option('--tag <tag>', 'jobs with this tag')
    .option('--limit <number>', 'jobs on the page, 1 to 1000', wholeNumber, 20)
    .option('--cursor <cursor>', 'continue after the previous page')
    .addOption(allApps())
    .action(({ state, queue, name, tag, limit, cursor, all }: Flags) =>
      withApps(cli, { all, single: cursor && 'a cursor' }, async ({ jobs }, out) => {
        const page = await jobs.list({ state, queue, name, tag, limit, cursor });
        out.list({
          rows: page.jobs,
          columns: (shown) => jobColumns(COLUMNS, shown),
          none: 'no such job',
          data: { ...page, jobs: page.jobs.map(redactedJob) },
        });
        if (page.cursor) out.note(`more: the same with --cursor ${page.cursor}`);
      }),
    );
}

/** What matters about the time of a job in its state. */
function whenOf({ state, runAt, startedAt, finishedAt }: JobInfo): string | undefined {
  const at = {
    waiting: undefined,
    delayed: runAt,
    running: startedAt,
    completed: finishedAt,
    dead: finishedAt,
  }[state];
  return at && formatMoment(at);
}
