export interface ProvideOptions {
  /** Folder of a server that has to be started; what it holds is found again by the next one. */
  dir: string;
  /** With Docker the data is in a volume: keep it for the next run. Defaults to false. */
  keepData?: boolean;
  log?: (line: string) => void;
}

export interface ProvidedRedis {
  readonly url: string;
  /** Where it comes from, for people: `SCALR_REDIS_URL`, a path, or `docker`. */
  readonly origin: string;
  /** Resolves if a server that was started here ends. */
  readonly exited: Promise<unknown>;
  /** Stops what was started here; does nothing to a Redis that the user named. */
  stop(): Promise<unknown>;
}

export declare function provideRedis(options: ProvideOptions): Promise<ProvidedRedis>;
