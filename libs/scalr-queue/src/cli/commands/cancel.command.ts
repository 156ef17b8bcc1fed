import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CancelOutcome } from '../../contract/job-info.js';
import type { JobsService } from '../../inspection/jobs.service.js';
import type { PayloadValue, PendingFilter } from '../../inspection/pending.filter.js';
import { moment, wholeNumber } from '../arguments.js';
import type { Cli } from '../cli.js';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { Interruption, Progress } from '../progress.js';
import { confirm } from '../question.js';
import { allApps, withApps } from '../several-apps.js';
import { addRefFlags, type RefFlags, refOf } from './job-ref.js';

const TEXTS: Readonly<Record<Exclude<CancelOutcome, 'not-found'>, string>> = {
  cancelled: 'cancelled: it will never run',
  cancelling: 'it runs, and was asked to stop',
  finished: 'too late: it has finished',
};

interface Flags extends RefFlags {
  readonly state?: 'waiting' | 'delayed';
  readonly payload?: Readonly<Record<string, PayloadValue>>;
  readonly tag?: string;
  readonly enqueuedBefore?: Date;
  readonly limit?: number;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

/** `scalr-queue cancel ID`, `scalr-queue cancel --name NAME --payload PATH=VALUE` */
export function registerCancel(program: Command, cli: Cli): void {
  addRefFlags(program.command('cancel [id]'))
    .description('end a waiting job, or ask a running one to stop; without an id: those that wait and match')
    .addOption(
      new Option('--state <state>', 'jobs in this state; both by default').choices(['waiting', 'delayed']),
    )
    .option('--payload <path=value>', 'jobs with this value in their payload; may be repeated', fieldOf)
    .option('--tag <tag>', 'jobs with this tag')
    .option('--enqueued-before <time>', 'jobs enqueued before: a date, or how long ago, as in 2h', moment)
    .option('--limit <number>', 'at most this many', wholeNumber)
    .option('--dry-run', 'change nothing: print the state of the job, or count')
    .option('--yes', 'do not ask')
    .addOption(allApps('--all-apps'))
    .action((id: string | undefined, { allApps: all, ...flags }: Flags & { readonly allApps?: boolean }) =>
      withApps(cli, { all, single: id && 'an id' }, ({ jobs }, out) =>
        id === undefined ? many(jobs, out, flags) : one(jobs, out, id, flags),
      ),
    );
}

async function one(jobs: JobsService, cli: Cli, id: string, { yes, dryRun, ...flags }: Flags): Promise<void> {
  const { name, queue, ...others } = flags;
  if (Object.values(others).some((value) => value !== undefined))
    throw new CliError('name the jobs to cancel: an id, or flags that select them', ExitCode.usage);
  const ref = refOf(id, { name, queue });
  const job = await jobs.get(ref);
  if (!job) throw new CliError(`no job with the id ${id} is stored`);
  if (dryRun)
    return cli.print(
      { id, state: job.state, dryRun: true },
      () => `would cancel ${job.name}, which is ${job.state}`,
    );
  const isOver = job.state === 'completed' || job.state === 'dead';
  if (!isOver) await confirm(cli, `cancel the job ${id} (${job.name}, ${job.state})?`, yes);
  const outcome = await jobs.cancel(ref, cli.actor);
  if (outcome === 'not-found') throw new CliError(`no job with the id ${id} is stored any more`);
  if (outcome === 'finished') throw new CliError(TEXTS.finished);
  cli.print({ id, outcome }, () => TEXTS[outcome]);
}

async function many(jobs: JobsService, cli: Cli, { yes, dryRun, limit, ...flags }: Flags): Promise<void> {
  const { name: definition, ...others } = flags;
  const given = Object.entries({ definition, ...others }).filter(([, value]) => value !== undefined);
  if (
    !given.some(([flag]) => flag === 'definition' || flag === 'queue' || flag === 'payload' || flag === 'tag')
  )
    throw new CliError('name the jobs to cancel: an id, --name, --queue, --payload or --tag', ExitCode.usage);
  const filter: PendingFilter = Object.fromEntries(given);
  using progress = new Progress(cli);
  using interruption = new Interruption();
  const { signal } = interruption;
  const run = (isDry: boolean) =>
    jobs.cancelMany(filter, {
      ...(limit === undefined ? {} : { limit }),
      dryRun: isDry,
      signal,
      ...cli.actor,
      onProgress: ({ scanned, matched, cancelled }) =>
        progress.show(`${scanned} looked at, ${isDry ? `${matched} match` : `${cancelled} cancelled`}`),
    });
  const isDry = dryRun === true;
  if (!isDry && !yes) {
    const { matched } = await run(true);
    if (matched > 0 && !signal.aborted)
      await confirm(cli, `cancel ${matched} waiting ${matched === 1 ? 'job' : 'jobs'}?`, yes);
  }
  const outcome = await run(isDry);
  if (signal.aborted) cli.exitCode = ExitCode.interrupted;
  const { matched, cancelled, cancelling } = outcome;
  cli.print({ ...outcome, dryRun: isDry }, () =>
    isDry ? `${matched} would be cancelled` : `${cancelled} cancelled`,
  );
  if (cancelling > 0) cli.note(`${cancelling} had started, and were asked to stop`);
  if (outcome.more) cli.note('stopped early: others may match');
}

/** `tenant=acme`, `attempts=3`, `flag=true`, `code="3"`: what reads as a value of JSON is one. */
function fieldOf(text: string, former: Record<string, PayloadValue> = {}): Record<string, PayloadValue> {
  const [, path, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (path === undefined || value === undefined)
    throw new InvalidArgumentError("Expected a path and a value like 'tenant=acme'.");
  return { ...former, [path]: valueOf(value) };
}

function valueOf(text: string): PayloadValue {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? text : (value as PayloadValue);
  } catch {
    return text;
  }
}
