export interface RedisBinaries {
  /** Path of redis-server or valkey-server. */
  readonly server: string;
  readonly cli: string;
  readonly checkAof: string;
  /** What `LD_LIBRARY_PATH` must be for these binaries; empty when nothing is needed. */
  readonly libraryPath: string;
  /** The environment to start these binaries with. */
  readonly env: NodeJS.ProcessEnv;
}

export declare function findRedisServer(log?: (line: string) => void): Promise<RedisBinaries | undefined>;

export declare function which(name: string): string | undefined;

/** The folders of libraries below an unpacked root, as `LD_LIBRARY_PATH` wants them. */
export declare function libraryPath(root: string): string;
