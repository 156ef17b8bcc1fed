import type { OnConflict } from '../contract/unique-options.js';
import type { EngineKeep } from './keep-rule.js';

/** The options that are stored with a job, in the words of the engine. Times are milliseconds, but for those of {@link EngineKeep}. */
export interface StoredOptions {
  readonly jobId: string;
  /** Epoch milliseconds of the enqueue. */
  readonly timestamp?: number;
  delay?: number;
  readonly attempts?: number;
  /** Who says how long to wait for the next attempt; left out for not at all. */
  readonly backoff?: { readonly type: string };
  readonly priority?: number;
  /** Failed attempts whose stack is kept. */
  readonly stackTraceLimit?: number;
  /** Lines of the log that are kept. */
  readonly keepLogs?: number;
  readonly removeOnComplete?: EngineKeep;
  readonly removeOnFail?: EngineKeep;
  /** The unique key, and what is done where it is taken. */
  deduplication?: {
    readonly id: string;
    /** The window; left out for as long as the job lives. */
    readonly ttl?: number;
    readonly replace?: boolean;
    readonly extend?: boolean;
    readonly keepLastIfActive?: boolean;
  };
  /** The trace that it was enqueued in. */
  readonly telemetry?: { readonly metadata?: string };
}

/** A job that has passed every check and can be handed to the engine as it is. */
export interface PreparedJob {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  /** The payload as it is stored; null for none. */
  readonly json: string;
  readonly options: StoredOptions;
  /** Jobs with the same object here have the same options, but for their id and time. Left out where nothing is known of others. */
  shared?: object | undefined;
  /** Whether the outcome may be something else than `created`: the caller chose the id, or the job is unique. */
  readonly contested: boolean;
  /** Milliseconds that a chosen id is remembered after the end of the job. */
  readonly memory?: number;
}

/** What is done where the unique key of the job is taken. */
export function conflictOf({ options: { deduplication } }: PreparedJob): OnConflict {
  if (deduplication?.keepLastIfActive) return 'rerun';
  return deduplication?.replace ? 'replace' : 'keep';
}
