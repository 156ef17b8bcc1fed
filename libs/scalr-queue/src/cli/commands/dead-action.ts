import type { Command } from 'commander';
import type { KeyConflict } from '../../dead-letter/dead-job.js';
import type { DeadLetterActionOptions } from '../../dead-letter/dead-letter.options.js';
import type { DeadLetterService } from '../../dead-letter/dead-letter.service.js';
import { wholeNumber } from '../arguments.js';
import type { Cli } from '../cli.js';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { Interruption, Progress } from '../progress.js';
import { confirm } from '../question.js';
import { allApps, type WhichApps, withApps } from '../several-apps.js';
import { noteConflicts } from './dead-conflicts.js';
import { addFilter, type FilterFlags, filterOf } from './dead-filter.js';
import { addRedriveFlags, redrive, type RedriveFlags } from './dead-redrive.js';
import { refOf } from './job-ref.js';

/** What is done to dead jobs. */
export interface DeadAction {
  readonly name: 'retry' | 'delete';
  readonly description: string;
  readonly done: 'retried' | 'deleted';
  /** Whether it asks also before it does so to a single job. */
  readonly asksForOne: boolean;
}

interface Flags extends FilterFlags, RedriveFlags {
  readonly all?: boolean;
  readonly allApps?: boolean;
  readonly limit?: number;
  readonly cursor?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

interface Outcome {
  readonly matched: number;
  readonly done: number;
  readonly cursor?: string;
  readonly conflicts?: readonly KeyConflict[];
}

export function registerDeadAction(dead: Command, cli: Cli, action: DeadAction): void {
  const command = addFilter(dead.command(`${action.name} [id]`).description(action.description))
    .option('--all', 'every dead job of the app')
    .option('--limit <number>', 'at most this many, the newest first', wholeNumber)
    .option('--cursor <cursor>', 'continue where an earlier call stopped')
    .option('--dry-run', 'count them only')
    .option('--yes', 'do not ask')
    .addOption(allApps('--all-apps'));
  if (action.name === 'retry') addRedriveFlags(command);
  command.action((id: string | undefined, flags: Flags) =>
    withApps(cli, whichApps(id, flags), ({ deadLetters }, out) => act(deadLetters, out, action, id, flags)),
  );
}

function whichApps(id: string | undefined, { allApps: all, cursor, resume }: Flags): WhichApps {
  const single = (cursor && 'a cursor') ?? (resume && 'a redrive');
  return { all, single: id === undefined ? single : 'an id' };
}

async function act(
  service: DeadLetterService,
  cli: Cli,
  action: DeadAction,
  id: string | undefined,
  flags: Flags,
): Promise<void> {
  const filter = filterOf(flags);
  const { rate, first, stopAt, wait, resume, limit, cursor } = flags;
  const pace = { rate, first, stopAt, wait, resume };
  const isPaced = Object.values(pace).some((value) => value !== undefined);
  if (resume !== undefined) {
    if (
      id !== undefined ||
      flags.all ||
      flags.dryRun ||
      (limit ?? cursor ?? Object.keys(filter)[0]) !== undefined
    )
      throw new CliError('--resume takes no other jobs than its redrive had', ExitCode.usage);
    return redrive(service, cli, filter, pace);
  }
  // The queue goes with an id too: ids of BullMQ jobs are counted per queue.
  const { queue, ...others } = filter;
  const isRef = id !== undefined && Object.keys(others).length === 0;
  const which = isRef ? refOf(id, { queue }) : filter;
  const ways = [id !== undefined, Object.keys(isRef ? others : filter).length > 0, flags.all === true].filter(
    Boolean,
  ).length;
  if (ways !== 1)
    throw new CliError(
      `name the jobs to ${action.name}: an id, flags that select them, or --all`,
      ExitCode.usage,
    );
  const isDry = flags.dryRun === true;
  const isPlain = isRef || isDry || limit !== undefined || cursor !== undefined;
  if (isPlain && isPaced)
    throw new CliError(
      '--rate, --first, --stop-at and --wait go with flags that select jobs, without --limit, --cursor and --dry-run',
      ExitCode.usage,
    );
  if (!isDry && (id === undefined || action.asksForOne)) {
    const count = id === undefined ? Math.min(await service.count(filter), flags.limit ?? Infinity) : 1;
    const what = id === undefined ? `${count} dead ${count === 1 ? 'job' : 'jobs'}` : `the dead job ${id}`;
    if (count > 0) await confirm(cli, `${action.name} ${what}?`, flags.yes);
  }
  if (action.name === 'retry' && !isPlain) return redrive(service, cli, filter, pace);
  const outcome = await run(service, cli, action, which, flags);
  if (id !== undefined && outcome.matched === 0) throw new CliError(`no dead job has the id ${id}`);
  const { done, ...rest } = outcome;
  const { conflicts = [] } = outcome;
  cli.print({ ...rest, [action.done]: done, dryRun: isDry }, () =>
    isDry ? `${outcome.matched - conflicts.length} would be ${action.done}` : `${done} ${action.done}`,
  );
  noteConflicts(cli, conflicts);
  if (outcome.cursor) cli.note(`stopped early; to go on: the same with --cursor ${outcome.cursor}`);
}

async function run(
  service: DeadLetterService,
  cli: Cli,
  action: DeadAction,
  which: Parameters<DeadLetterService['retry']>[0],
  { limit, cursor, dryRun }: Flags,
): Promise<Outcome> {
  using progress = new Progress(cli);
  using interruption = new Interruption();
  const { signal } = interruption;
  const options: DeadLetterActionOptions = {
    ...(limit === undefined ? {} : { limit }),
    ...(cursor === undefined ? {} : { cursor }),
    dryRun: dryRun === true,
    signal,
    ...cli.actor,
    onProgress: ({ scanned, matched, done }) =>
      progress.show(`${scanned} looked at, ${dryRun ? `${matched} match` : `${done} ${action.done}`}`),
  };
  const outcome =
    action.name === 'retry'
      ? await service.retry(which, options).then(({ retried, ...rest }) => ({ ...rest, done: retried }))
      : await service.delete(which, options).then(({ deleted, ...rest }) => ({ ...rest, done: deleted }));
  if (signal.aborted) cli.exitCode = ExitCode.interrupted;
  return outcome;
}
