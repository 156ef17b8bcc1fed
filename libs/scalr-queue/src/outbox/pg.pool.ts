/** What is used of an answer of `pg`. */
export interface PgResult {
  readonly rows: Record<string, unknown>[];
}

/** What is used of a message of NOTIFY. */
export interface PgMessage {
  readonly channel?: string | undefined;
  readonly payload?: string | undefined;
}

/** What is used of a client of `pg`. */
export interface PgClient {
  query(text: string, params?: unknown[]): Promise<PgResult>;
  /** Gives it back; with an error, or true, the connection is closed. */
  release(error?: Error | boolean): void;
  on(event: 'notification', listener: (message: PgMessage) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'notification', listener: (message: PgMessage) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
}

/** What is used of a `Pool` of the package `pg`. */
export interface PgPool {
  connect(): Promise<PgClient>;
  /** Those that it was made with. */
  readonly options?: { readonly max?: number | undefined };
}
