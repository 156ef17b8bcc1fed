import type { EnqueuedJob } from '../contract/enqueue-options.js';
import type { DeadReason } from '../contract/job-info.js';
import type { LockLostCause } from '../contract/lock-lost-cause.js';
import type { SlotEnd } from '../engine/slot-end.js';

/** The job that an event is about. Events hold no payload. */
export interface JobEvent {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  /** Id of its OpenTelemetry trace, where the option `tracing` is on. */
  readonly traceId?: string;
  /** The keys of the carried context that the option `logFields` names, of a job that runs here. */
  readonly context?: Readonly<Record<string, string | number | boolean>>;
}

/** An event of one attempt. */
export interface AttemptEvent extends JobEvent {
  /** 1 for the first. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** From when the job could run to its first start; absent from later attempts. */
  readonly waitMs?: number;
}

/** An attempt that has ended. */
export interface FinishedEvent extends AttemptEvent {
  readonly runMs: number;
}

/** An attempt that has failed. */
export interface FailedEvent extends FinishedEvent {
  readonly error: {
    /** Class of the error. */
    readonly name: string;
    /** Its text, without credentials. */
    readonly message: string;
    readonly code?: string;
  };
}

/** The job of a slot that ended without a run. */
export interface SlotEvent extends JobEvent {
  readonly schedule: string;
  readonly slot: Date;
}

/** How the event loop was blocked. */
export interface BlockFacts {
  /** How long, in milliseconds. */
  readonly blockedMs: number;
  /** How long a lock lives without being renewed: `worker.lockDuration`. */
  readonly lockMs: number;
  /** The handler that did it, or those that one of is it. */
  readonly handlers: readonly string[];
}

/** A run whose lock is gone. */
export interface LockLostEvent extends JobEvent {
  readonly cause: LockLostCause;
  /** Whether the cause is the connection to Redis: `disconnected`. */
  readonly connectionLost: boolean;
}

/** An effect whose outcome is not known. */
export interface EffectEvent extends JobEvent {
  /** Of the effect, within the job. */
  readonly key: string;
  /** When it was begun. */
  readonly since: Date;
  /** What is done: it runs again with the same idempotency key, its job is dead, or the other side knew its result. */
  readonly outcome: 'run' | 'dead' | 'known';
}

/** What can happen to a job, with what is reported of it. */
export interface JobEventMap {
  /** Redis has it. */
  enqueued: JobEvent & { readonly status: EnqueuedJob['status'] };
  /** It was not enqueued, or nobody knows; the caller got an error. */
  'enqueue-failed': { readonly name?: string; readonly queue?: string; readonly code: string };
  started: AttemptEvent;
  completed: FinishedEvent;
  /** The attempt failed; another one follows. */
  retrying: FailedEvent & { readonly delayMs: number };
  /** The job of a slot came too late and did not run. */
  missed: SlotEvent;
  /** The job of a slot did not run for another reason: its schedule was paused, removed or changed, or a later run stood in. */
  skipped: SlotEvent & { readonly reason: Exclude<SlotEnd, 'missed'> };
  /** Put aside without using an attempt: `Snooze`, or no handler yet. */
  postponed: FinishedEvent;
  /** It gave up. */
  dead: FailedEvent & { readonly reason: DeadReason };
  /** Ended by `JobsService.cancel`, before it ran or while. */
  cancelled: JobEvent & { readonly was: 'waiting' | 'running' };
  /** Its worker gave no sign of life; it runs again, or is dead if that happened too often. */
  stalled: JobEvent;
  /** Another worker has taken the job, as its lock was not renewed in time: it runs twice. */
  'lock-lost': LockLostEvent;
  /** Its handler, or one beside it, blocked the event loop of the worker for longer than the lock of a job lives. */
  blocked: JobEvent & BlockFacts;
  /** A run began an effect of `ctx.once` whose end nobody saw: it may have happened or not. */
  'effect-unknown': EffectEvent;
  /** Its data was gone from Redis when it was to run: deleted by hand, or evicted. Nothing can run it. */
  'data-missing': JobEvent;
  /** Back in its queue because its worker shuts down. */
  'handed-back': JobEvent;
}

/** Name of a life-cycle event. */
export type JobEventName = keyof JobEventMap;

/** Takes an event. What it throws, or rejects with, is logged and changes nothing for the job. */
export type JobEventListener<Name extends JobEventName> = (event: JobEventMap[Name]) => unknown;
