import { Option } from 'commander';
import { Cli } from './cli.js';
import { CliError, describeFailure } from './cli-error.js';
import { ExitCode } from './exit-codes.js';
import { type List, mergeLists, renderList } from './output/list.js';
import { renderTable } from './output/table.js';
import type { Session } from './session.js';

/** What a command that can look at several apps was told about them. */
export interface WhichApps {
  /** Whether all apps of the Redis are meant. */
  readonly all?: boolean | undefined;
  /** Something that was given and belongs to one app, such as an id or a cursor. */
  readonly single?: string | undefined;
}

/** `--all`, and `--all-apps` where `--all` means jobs. */
export const allApps = (flag = '--all') => new Option(flag, 'all apps of the Redis, as the operator');

type Failure = ReturnType<typeof describeFailure>;

interface Outcome {
  readonly app: string;
  readonly cli: AppCli;
  readonly failure?: Failure;
}

/**
 * Runs work with the services of the app, or of each of several apps, one after the other. What it prints of several is printed as one table
 * with a column for the app, or as one object; an app that fails does not keep the others from their turn, and the exit code says so.
 *
 * @param work must print once at the most, with the command line that it is given
 */
export async function withApps(
  cli: Cli,
  which: WhichApps,
  work: (session: Session, cli: Cli) => Promise<void>,
): Promise<void> {
  const apps = await appsOf(cli, which);
  if (!apps) return cli.withApp((session) => work(session, cli));
  if (which.single !== undefined)
    throw new CliError(`${which.single} is of one app: name that with --app`, ExitCode.usage);
  const outcomes: Outcome[] = [];
  for (const app of apps) {
    const outcome = await runOne(new AppCli(cli, app), app, work);
    // What is wrong with the command itself is wrong for all of them.
    if (outcome.failure?.exitCode === ExitCode.usage && outcomes.length === 0)
      throw new CliError(outcome.failure.message, ExitCode.usage);
    outcomes.push(outcome);
    if (outcome.failure) tell(cli, app, outcome.failure);
    if (codeOf(outcome) === ExitCode.interrupted) break;
  }
  const left = apps.slice(outcomes.length);
  if (left.length > 0) cli.note(`interrupted before: ${left.join(', ')}`);
  cli.exitCode = outcomes.map(codeOf).reduce((worst, code) => (code > worst ? code : worst), ExitCode.ok);
  cli.print({ apps: outcomes.map(dataOf) }, () => textOf(outcomes, cli));
}

/** The command line of one of several apps: what is printed is kept. */
class AppCli extends Cli {
  shown: { readonly data: unknown; readonly text: () => string; readonly list?: List<unknown> } | undefined;

  constructor(
    private readonly whole: Cli,
    private readonly app: string,
  ) {
    super(whole.stdout, whole.stderr, whole.stdin, whole.startedAt);
    this.readSettings(() => ({ ...this.whole.flags, app: this.app }));
  }

  override get label(): string {
    return `${this.app}: `;
  }

  override print(data: unknown, text: () => string): void {
    this.shown = { data, text };
  }

  override list<Row>(list: List<Row>): void {
    const text = () => renderList(list, this.paint);
    this.shown = { data: list.data ?? list.rows, text, list: list as unknown as List<unknown> };
  }
}

/** @returns undefined for the one that the flags or the environment name */
async function appsOf(cli: Cli, { all }: WhichApps): Promise<readonly string[] | undefined> {
  if (all) {
    const { findApps } = await import('../engine/redis/survey/all-apps.js');
    const { apps, complete } = await findApps(cli.flags);
    if (!complete) cli.note('the time for looking at keys was over: apps may be missing');
    return apps;
  }
  const { app } = cli.flags;
  if (!app?.includes(',')) return undefined;
  const names = app.split(',').map((name) => name.trim());
  if (names.includes('')) throw new CliError('name the apps as in --app billing,mail', ExitCode.usage);
  return [...new Set(names)];
}

async function runOne(
  cli: AppCli,
  app: string,
  work: (session: Session, cli: Cli) => Promise<void>,
): Promise<Outcome> {
  try {
    await cli.withApp((session) => work(session, cli));
    return { app, cli };
  } catch (error) {
    return { app, cli, failure: describeFailure(error) };
  }
}

function tell(cli: Cli, app: string, { message }: Failure): void {
  cli.note(`error: ${app}: ${message}`);
}

const codeOf = ({ cli, failure }: Outcome): ExitCode => failure?.exitCode ?? cli.exitCode;

function dataOf({ app, cli, failure }: Outcome) {
  if (!failure) return { app, result: cli.shown?.data };
  const { message, code } = failure;
  return { app, error: { code, message } };
}

function textOf(outcomes: readonly Outcome[], { paint, stdout }: Cli): string {
  if (outcomes.length === 0) return 'no app has stored anything yet';
  const shown = outcomes.flatMap(({ app, cli }) => (cli.shown ? [{ app, ...cli.shown }] : []));
  const lists = shown.flatMap(({ app, list }) => (list ? [{ app, list }] : []));
  if (lists.length > 0) return renderList(mergeLists(lists), paint, stdout.columns);
  if (shown.length === 0) return 'none of the apps could be asked';
  const columns = [
    { title: 'app', of: ({ app }: (typeof shown)[number]) => app },
    { title: 'result', of: ({ text }: (typeof shown)[number]) => text() },
  ];
  return renderTable(columns, shown, paint, stdout.columns);
}
