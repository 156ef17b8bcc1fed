export interface PgBouncer {
  readonly path: string;
  /** The environment to start it with. */
  readonly env: NodeJS.ProcessEnv;
}

/** The pooler of connections to PostgreSQL; undefined where it cannot be had. */
export function findPgBouncer(log?: (line: string) => void): Promise<PgBouncer | undefined>;
