export interface ProvideOptions {
  /** Folder of a server that has to be started; what it holds is found again by the next one. */
  dir: string;
  /** Whether the data is to survive a crash of the machine, and with Docker the container. Defaults to false. */
  keepData?: boolean;
  log?: (line: string) => void;
}

export interface ProvidedPostgres {
  readonly url: string;
  /** Where it comes from, for people: `SCALR_POSTGRES_URL`, a folder, or `docker`. */
  readonly origin: string;
  /** Whether it was started here, and is nobody else's. */
  readonly isPrivate: boolean;
  /** Resolves if a server that was started here ends. */
  readonly exited: Promise<unknown>;
  /** Stops what was started here; does nothing to a PostgreSQL that the user named. */
  stop(): Promise<unknown>;
}

/** What there is to do where none can be had. */
export declare const choices: string;

export declare function providePostgres(options: ProvideOptions): Promise<ProvidedPostgres | undefined>;
