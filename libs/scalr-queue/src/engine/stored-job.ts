/** A job as an engine keeps it: all that running and reporting it needs. The engine's own job is one. */
export interface StoredJob {
  id?: string;
  readonly name: string;
  readonly priority?: number;
  /** The id of its unique key. */
  readonly deduplicationId?: string;
  /** What will be its error when its attempt ends: it was cancelled. */
  readonly deferredFailure?: string;
  readonly queueName: string;
  readonly data: unknown;
  readonly opts: {
    readonly attempts?: number;
    readonly delay?: number;
    /** The trace that it was enqueued in. */
    readonly telemetry?: { readonly metadata?: string };
  };
  /** Epoch milliseconds of the enqueue. */
  timestamp: number;
  /** Milliseconds until a retry that waits for its time. */
  delay: number;
  /** Attempts that have ended. */
  attemptsMade: number;
  /** How often it was started, for whatever reason. */
  attemptsStarted: number;
  /** Crashes of its workers in a row. */
  readonly stalledCounter?: number;
  /** Epoch milliseconds of the last start. */
  processedOn?: number;
  finishedOn?: number;
  progress: unknown;
  /** How far it is with the items of `ctx.each`, as it was noted last. */
  readonly items?: unknown;
  /** Put aside by an effect that another run was at: its key, and until when that holds it (epoch milliseconds). */
  readonly waitsFor?: { readonly key: string; readonly until: number };
  returnvalue: unknown;
  /** What an AttemptFailure wrote. */
  failedReason?: string;
  stacktrace: string[] | null;
  updateProgress(progress: number | object): Promise<void>;
  log(line: string): Promise<unknown>;
  /** Defers the running job until then (epoch milliseconds). */
  moveToDelayed(until: number, token?: string): Promise<void>;
}
