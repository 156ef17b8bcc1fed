import { type Command, InvalidArgumentError } from 'commander';
import type { DeadLetterFilter } from '../../dead-letter/dead-letter.filter.js';
import type { DeadLetterService } from '../../dead-letter/dead-letter.service.js';
import type { Redrive, RedriveOptions, RedriveOutcome } from '../../dead-letter/redrive.js';
import { duration, wholeNumber } from '../arguments.js';
import type { Cli } from '../cli.js';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { toJson } from '../output/json.js';
import type { Column } from '../output/table.js';
import { formatMoment } from '../output/units.js';
import { Interruption, Progress } from '../progress.js';
import { allApps, type WhichApps, withApps } from '../several-apps.js';
import { noteConflicts } from './dead-conflicts.js';

/** The flags of a redrive. */
export interface RedriveFlags {
  readonly rate?: number;
  readonly first?: number;
  readonly stopAt?: number | false;
  readonly wait?: number;
  readonly resume?: string;
}

const LINE_INTERVAL_MS = 1_000;
const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600 };

const COLUMNS: readonly Column<Redrive>[] = [
  { title: 'redrive', of: ({ id }) => id },
  { title: 'state', of: ({ state, why }) => (why === undefined ? state : `${state} (${why})`) },
  { title: 'began', of: ({ at }) => formatMoment(at) },
  { title: 'by', of: ({ by, via }) => by ?? via },
  { title: 'retried', of: ({ retried, matched }) => `${retried} of ${matched}` },
  { title: 'died again', of: ({ first }) => `${first.diedAgain} of ${first.jobs}` },
  { title: 'what', of: ({ what }) => whatOf(what) },
];

export function addRedriveFlags(command: Command): Command {
  return command
    .option('--rate <jobs>', 'at most so many a second, or as in 300/m', rateOf)
    .option('--first <number>', 'so many, then wait for their ends and stop', wholeNumber)
    .option(
      '--stop-at <share>',
      'stop when more of the first 50 have died again; 20% by default, or off',
      shareOf,
    )
    .option('--wait <duration>', 'how long the first jobs are waited for; 30s by default', duration)
    .option('--resume <redrive>', 'carry on one that has stopped, or whose process is gone');
}

/** `scalr-queue dead ops`, `scalr-queue dead stop ID` */
export function registerRedrives(dead: Command, cli: Cli): void {
  dead
    .command('ops')
    .description('the redrives of the last seven days: what `dead retry` has begun, and how far it is')
    .addOption(allApps())
    .action(({ all }: WhichApps) => withApps(cli, { all }, ({ deadLetters }, out) => list(deadLetters, out)));
  dead
    .command('stop <redrive>')
    .description('stop a redrive, whichever process runs it')
    .action((id: string) =>
      withApps(cli, { single: 'a redrive' }, ({ deadLetters }, out) => stop(deadLetters, out, id)),
    );
}

/** Begins a redrive, or carries one on, and says how it has ended. */
export async function redrive(
  service: DeadLetterService,
  cli: Cli,
  filter: DeadLetterFilter,
  { resume, ...pace }: RedriveFlags,
): Promise<void> {
  const outcome = await run(service, cli, filter, resume, pace);
  const { conflicts, state, why, retried, first } = outcome;
  cli.print({ ...outcome, dryRun: false }, () => `${retried} retried`);
  noteConflicts(cli, conflicts ?? [], outcome.kept);
  if (first.diedAgain > 0 || why === 'first')
    cli.note(
      `of the first ${first.jobs}: ${first.completed} completed, ${first.diedAgain} died again, ${first.pending} not ended yet`,
    );
  if (state === 'done') return;
  if (why === 'died-again') {
    cli.note('stopped by itself: too many of the first jobs have died again');
    cli.exitCode = ExitCode.failed;
  } else if (state !== 'stopped') cli.note('another process carries it on');
  else if (why === 'asked') cli.note('stopped early');
  if (state === 'stopped') cli.note(`to go on: scalr-queue dead retry --resume ${outcome.id}`);
}

async function run(
  service: DeadLetterService,
  cli: Cli,
  filter: DeadLetterFilter,
  resume: string | undefined,
  pace: Omit<RedriveFlags, 'resume'>,
): Promise<RedriveOutcome> {
  using progress = new Progress(cli);
  using interruption = new Interruption();
  const { signal } = interruption;
  const given = Object.fromEntries(Object.entries(pace).filter(([, value]) => value !== undefined));
  let id = resume;
  let toldAt = -Infinity;
  const onProgress = (state: Redrive) => {
    id = state.id;
    const { retried, matched, first } = state;
    progress.show(
      `${retried} of ${matched} retried, ${first.diedAgain} of the first ${first.jobs} died again`,
    );
    if (!cli.flags.json || performance.now() - toldAt < LINE_INTERVAL_MS) return;
    toldAt = performance.now();
    cli.stderr.write(`${lineOf({ progress: state })}\n`);
  };
  const options: RedriveOptions = { ...given, ...cli.actor, signal, onProgress };
  try {
    const outcome = await (resume === undefined
      ? service.redrive(filter, options)
      : service.resume(resume, options));
    if (signal.aborted) cli.exitCode = ExitCode.interrupted;
    return outcome;
  } catch (error) {
    if (id !== undefined && id !== resume) cli.note(`to go on: scalr-queue dead retry --resume ${id}`);
    throw error;
  }
}

async function list(service: DeadLetterService, cli: Cli): Promise<void> {
  const redrives = await service.redrives();
  cli.list({ rows: redrives, columns: COLUMNS, none: 'no redrive', data: { redrives } });
}

async function stop(service: DeadLetterService, cli: Cli, id: string): Promise<void> {
  const found = await service.stop(id);
  if (!found) throw new CliError(`no redrive has the id ${id}`);
  cli.print(found, () => `${found.state}: ${found.retried} of ${found.matched} retried`);
}

function whatOf(what: Redrive['what']): string {
  return Object.entries(what)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(' ');
}

/** JSON in one line: its texts hold no line break. */
const lineOf = (data: object): string => toJson(data).replace(/\n */g, '');

/** Jobs a second. */
function rateOf(text: string): number {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)(?:\/([smh]))?$/.exec(text) ?? [];
  if (number === undefined)
    throw new InvalidArgumentError("Expected a number of jobs a second, or one like '300/m'.");
  return Number(number) / SECONDS[unit]!;
}

function shareOf(text: string): number | false {
  if (text === 'off') return false;
  const [, number] = /^(\d+(?:\.\d+)?)%$/.exec(text) ?? [];
  if (number === undefined) throw new InvalidArgumentError("Expected a share like '20%', or 'off'.");
  return Number(number) / 100;
}
