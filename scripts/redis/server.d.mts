import type { ProcessExit, SupervisedProcess } from '../process/supervise.mjs';
import type { RedisBinaries } from './find.mjs';

export interface RedisServerOptions {
  binaries: RedisBinaries;
  /** The data folder; made if missing. A leftover server of ours in it is ended first. */
  dir: string;
  /** Defaults to a free port. */
  port?: number;
  /** More redis-server arguments; they win over ours. */
  args?: string[];
}

export interface RunningRedis {
  readonly pid: number;
  readonly port: number;
  readonly dir: string;
  readonly url: string;
  readonly logFile: string;
  readonly exited: Promise<ProcessExit>;
  readonly signal: (name: NodeJS.Signals) => void;
  readonly stop: (graceMs?: number) => Promise<ProcessExit>;
}

export declare const durableSettings: string[];

export declare function startRedisServer(options: RedisServerOptions): Promise<RunningRedis>;

export declare function becomesReady(child: SupervisedProcess, port: number, pid?: number): Promise<boolean>;
