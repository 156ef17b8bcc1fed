import type { Readable } from 'node:stream';

export interface SuperviseOptions {
  command: string;
  args?: string[];
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** `'pipe'` (default), `'inherit'`, or an open file descriptor. */
  stdout?: 'pipe' | 'inherit' | number;
  stderr?: 'pipe' | 'inherit' | number;
  /** Signal everything the command started, not only the command. Defaults to false. */
  group?: boolean;
  /** What asks it to end. Defaults to SIGTERM. */
  stopSignal?: NodeJS.Signals;
  /** Milliseconds between that signal and SIGKILL. Defaults to 5,000. */
  graceMs?: number;
  /** Text in the command line by which a leftover is recognised. Defaults to the command's file name. */
  marker?: string;
  /** Where the process is recorded for `reapLeftover`, while it runs. */
  pidFile?: string;
}

export interface ProcessExit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** When it ended, in milliseconds since the epoch. */
  at: number;
}

export interface SupervisedProcess {
  readonly pid: number;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  readonly exited: Promise<ProcessExit>;
  readonly signal: (name: NodeJS.Signals) => void;
  /** The signal that asks it to end, then SIGKILL after the grace; resolves when the process is gone. */
  readonly stop: (graceMs?: number) => Promise<ProcessExit>;
}

export declare function supervise(options: SuperviseOptions): Promise<SupervisedProcess>;
