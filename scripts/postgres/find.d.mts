export interface PostgresBinaries {
  /** The folder of `postgres` and `initdb`. */
  readonly folder: string;
  /** What `LD_LIBRARY_PATH` must hold for these binaries; empty when nothing is needed. */
  readonly libraryPath: string;
  /** The environment to start these binaries with. */
  readonly env: NodeJS.ProcessEnv;
}

export declare function findPostgres(log?: (line: string) => void): Promise<PostgresBinaries | undefined>;
