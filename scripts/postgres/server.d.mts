import type { ProcessExit } from '../process/supervise.mjs';
import type { PostgresBinaries } from './find.mjs';

export interface PostgresServerOptions {
  binaries: PostgresBinaries;
  /** The folder of the data; made if missing. A leftover server of ours in it is ended first. */
  dir: string;
  /** Defaults to a free port. */
  port?: number;
  /** More settings, such as `fsync=off`; they win over ours. */
  settings?: readonly string[];
}

export interface RunningPostgres {
  readonly pid: number;
  readonly port: number;
  readonly dir: string;
  readonly url: string;
  readonly logFile: string;
  readonly exited: Promise<ProcessExit>;
  readonly signal: (name: NodeJS.Signals) => void;
  readonly stop: (graceMs?: number) => Promise<ProcessExit>;
}

/** Settings for data that nobody needs after a crash of the machine. */
export declare const fleeting: readonly string[];

export declare function startPostgresServer(options: PostgresServerOptions): Promise<RunningPostgres>;
