/** How the process ends. docs/cli.md says the same. */
export const ExitCode = {
  ok: 0,
  /** The answer is no: a check failed, nothing of that name was found, or the question was answered with no. */
  failed: 1,
  /** A wrong command, flag or setting; nothing was done. */
  usage: 2,
  /** Redis did not answer, or refused. */
  unavailable: 3,
  /** A fault of the command itself. */
  internal: 4,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
