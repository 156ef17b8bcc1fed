import type { Command } from 'commander';
import type { JobDetails } from '../../contract/job-details.js';
import { describeItems } from '../../inspection/job-items.js';
import { redactSecrets } from '../../observability/redaction.js';
import { mask } from '../../observability/secret.mask.js';
import type { Cli } from '../cli.js';
import { CliError } from '../cli-error.js';
import { shortError, stateCell } from '../job-text.js';
import { cleanLines, cleanText } from '../../observability/clean-text.js';
import { toJson } from '../output/json.js';
import type { Paint } from '../output/paint.js';
import { renderFields } from '../output/table.js';
import { formatTime } from '../output/units.js';
import { redactedJob } from '../../observability/redacted-job.js';
import { addRefFlags, type RefFlags, refOf } from './job-ref.js';

interface Flags extends RefFlags {
  readonly payload?: boolean;
}

/** `scalr-queue job ID` */
export function registerJob(program: Command, cli: Cli): void {
  addRefFlags(program.command('job <id>'))
    .description('one job: its attempts, errors, log and progress')
    .option('--payload', 'show what it was enqueued with and its result, with secret fields masked')
    .action((id: string, { payload: shown, ...which }: Flags) =>
      cli.withApp(async ({ jobs }) => {
        const found = await jobs.details(refOf(id, which));
        if (!found) throw new CliError(`no job with the id ${id} is stored`);
        const job = shownOf(found, shown === true);
        cli.print(job, () => describe(job, cli.paint));
      }),
    );
}

type Shown = Omit<JobDetails, 'payload' | 'result'> & {
  readonly payload?: unknown;
  readonly result?: unknown;
};

/** The job without what was not asked for, and without secrets. */
function shownOf({ payload, result, ...job }: JobDetails, withPayload: boolean): Shown {
  return {
    ...redactedJob(job),
    ...(withPayload ? { payload: mask(payload), result: mask(result) } : {}),
    failures: job.failures.map((failure) => ({ ...failure, stack: redactSecrets(failure.stack) })),
    logs: job.logs.map(redactSecrets),
  };
}

function describe(job: Shown, paint: Paint): string {
  const { progress } = job;
  const fields = renderFields(
    [
      ['id', { value: job.id, tone: 'bold' }],
      ['name', job.name],
      ['queue', job.queue],
      ['tags', job.tags?.join(' ')],
      ['state', stateCell(job)],
      ['attempt', `${job.attempt} of ${job.maxAttempts}`],
      ['priority', job.priority || undefined],
      ['progress', typeof progress === 'object' ? JSON.stringify(progress) : progress],
      ...(job.items ?? []).map((items): [string, string] => [
        `items ${cleanText(items.name)}`,
        describeItems(items),
      ]),
      ['error', shortError(job)],
      ['enqueued', formatTime(job.enqueuedAt)],
      ['scheduled for', job.scheduledFor && formatTime(job.scheduledFor)],
      ['run at', job.runAt && formatTime(job.runAt)],
      ['expires', job.expiresAt && formatTime(job.expiresAt)],
      ['started', job.startedAt && formatTime(job.startedAt)],
      ['finished', job.finishedAt && formatTime(job.finishedAt)],
    ],
    paint,
  );
  const parts = [fields];
  const add = (title: string, text: string) =>
    parts.push(`${paint.bold(title)}\n${indent(cleanLines(text))}`);
  if (job.payload !== undefined) add('payload', toJson(job.payload));
  if (job.result !== undefined) add('result', toJson(job.result));
  for (const { at, attempt, stack } of job.failures) add(`attempt ${attempt}, ${formatTime(at)}`, stack);
  if (job.logs.length > 0) add('log', job.logs.map(cleanText).join('\n'));
  return parts.join('\n\n');
}

const indent = (text: string): string => text.replace(/^/gm, '  ');
