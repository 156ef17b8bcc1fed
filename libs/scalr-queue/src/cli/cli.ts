import type { Actor } from '../contract/audit.js';
import { ENTRY_UNREADABLE } from '../contract/errors/stored-data.error.js';
import { CliError, describeFailure } from './cli-error.js';
import { ExitCode } from './exit-codes.js';
import { cleanText } from '../observability/clean-text.js';
import { toJson } from './output/json.js';
import { type List, renderList } from './output/list.js';
import { Paint } from './output/paint.js';
import type { Session } from './session.js';

/** The global flags. */
export interface GlobalFlags {
  readonly app?: string;
  readonly redis?: string;
  readonly ca?: string;
  readonly json?: boolean;
  readonly as?: string;
}

/** Where a command writes. */
export type Output = Pick<NodeJS.WriteStream, 'write' | 'isTTY' | 'columns'>;

/** What every command is given: the global flags, the way out for what it prints, and the way to the app. */
export class Cli {
  /** Of the command; `runCli` resolves to it. */
  exitCode: ExitCode = ExitCode.ok;
  private settings: () => GlobalFlags = () => ({});

  constructor(
    readonly stdout: Output = process.stdout,
    readonly stderr: Output = process.stderr,
    readonly stdin: NodeJS.ReadStream = process.stdin,
    /** When the command began, on the clock of `performance.now()`. */
    readonly startedAt = performance.now(),
  ) {}

  /** Where the flags are once they have been parsed. */
  readSettings(settings: () => GlobalFlags): void {
    this.settings = settings;
  }

  get flags(): GlobalFlags {
    return this.settings();
  }

  /** Who acts, for the audit log of the app. */
  get actor(): Actor {
    const { as: by } = this.flags;
    return { via: 'cli', ...(by === undefined ? {} : { by }) };
  }

  /** Colours for stdout: only where a person looks. */
  get paint(): Paint {
    return new Paint(this.stdout);
  }

  /** Whether somebody is there to be asked. */
  get interactive(): boolean {
    return this.stdin.isTTY && this.stderr.isTTY && !this.flags.json;
  }

  /** Prints data for machines, or text for people. The text has been cleaned of control characters by its maker. */
  print(data: unknown, text: () => string): void {
    this.stdout.write(`${this.flags.json ? toJson(data) : text()}\n`);
  }

  /** Prints a list: a table for people. */
  list<Row>(list: List<Row>): void {
    this.print(list.data ?? list.rows, () => renderList(list, this.paint, this.stdout.columns));
  }

  /** Before lines and questions: the app, where there are several. */
  get label(): string {
    return '';
  }

  /** A line for the person beside the output. */
  note(line: string): void {
    if (!this.flags.json) this.stderr.write(`${cleanText(this.label + line)}\n`);
  }

  /** Something that the person should know beside the output, also when a machine reads it. */
  private warn(code: string, message: string): void {
    const line = this.flags.json
      ? toJson({ warning: { code, message: this.label + message } })
      : `warning [${code}]: ${cleanText(this.label + message)}`;
    this.stderr.write(`${line}\n`);
  }

  /** Says in one line why a command failed; returns its exit code. */
  fail(error: unknown): ExitCode {
    const { message, code, exitCode } = describeFailure(error);
    this.stderr.write(
      this.flags.json ? `${toJson({ error: { code, message } })}\n` : `error: ${cleanText(message)}\n`,
    );
    return exitCode;
  }

  /** Runs work with the services of the app, which are closed afterwards in any case. */
  async withApp<T>(work: (session: Session) => Promise<T>): Promise<T> {
    if (this.flags.app?.includes(','))
      throw new CliError('this command is for one app: name that with --app', ExitCode.usage);
    // Loaded when it is needed: `--help` and `check` must not wait for the whole of Nest.
    const { openSession } = await import('./session.js');
    const session = await openSession(this.flags);
    try {
      return await work(session);
    } finally {
      for (const line of session.damaged) this.warn(ENTRY_UNREADABLE, line);
      await session.close();
    }
  }
}
