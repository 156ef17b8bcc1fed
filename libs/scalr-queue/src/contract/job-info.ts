/** Where a job is in its life. */
export type JobState = 'waiting' | 'delayed' | 'running' | 'completed' | 'dead';

/** Why a job is dead. */
export type DeadReason =
  | 'attempts'
  | 'discarded'
  | 'expired'
  | 'invalid-payload'
  | 'invalid-result'
  | 'unknown-job'
  | 'crashed'
  | 'cancelled'
  | 'unrecoverable'
  | 'data-missing'
  | 'unreadable'
  | 'effect-unknown';

/** What became of a cancellation; see `JobsService.cancel`. */
export type CancelOutcome = 'cancelled' | 'cancelling' | 'finished' | 'not-found';

/** Every reason a job can be dead for. */
export const DEAD_REASONS: readonly DeadReason[] = [
  'attempts',
  'discarded',
  'expired',
  'invalid-payload',
  'invalid-result',
  'unknown-job',
  'crashed',
  'cancelled',
  'unrecoverable',
  'data-missing',
  'unreadable',
  'effect-unknown',
];

/** The error of the last failed attempt. */
export interface JobErrorInfo {
  /** Class of the error, such as `TypeError`. */
  readonly name: string;
  /** Its message, cut at 8 KiB. */
  readonly message: string;
  /** Its `code`, when it has one. */
  readonly code?: string;
}

/** How far a job is with the items of `ctx.each`. */
export interface JobItems {
  /** As the handler calls them. */
  readonly name: string;
  /** Items that are finished. */
  readonly done: number;
  /** Items in all, where the handler said so. */
  readonly total?: number;
  /** Items that are left of these. */
  readonly left?: number;
  /** Over the last run that worked on them; left out before the first item. */
  readonly perSecond?: number;
  /** Whether all of them are finished. */
  readonly ended: boolean;
  /** When this was noted: every two seconds while items are finished. */
  readonly at: Date;
}

/** A job as it stands at this moment: plain data. */
export interface JobInfo {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  /** Those that its definition gave it; left out where it has none. */
  readonly tags?: readonly string[];
  readonly state: JobState;
  /** Of the job of a slot that did not run: it came too late, or its schedule was paused, removed or changed meanwhile. */
  readonly outcome?: 'missed' | 'skipped';
  /** Why it is dead; only in the state `dead`. */
  readonly reason?: DeadReason;
  /** Attempts made, the running one included; 0 before the first. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** What the handler last reported with `ctx.progress`; left out while it is 0 or nothing was reported. */
  readonly progress?: number | object;
  /** How far the handler is with the items of `ctx.each`, the latest first; left out where it has none. */
  readonly items?: readonly JobItems[];
  /** What the handler returned; only in the state `completed`. */
  readonly result?: unknown;
  /** Error of the last failed attempt, also while the job waits for the next one. */
  readonly error?: JobErrorInfo;
  readonly enqueuedAt: Date;
  /** When a delayed job may start. */
  readonly runAt?: Date;
  /** When the last attempt started. */
  readonly startedAt?: Date;
  readonly finishedAt?: Date;
}
