import type { LockLostCause } from '../contract/lock-lost-cause.js';
import type { JobEffects } from './job-effects.js';
import type { StoredJob } from './stored-job.js';

/**
 * What running jobs asks of an engine: workers, writes about a running job, requests to cancel one, and the processors that
 * were written for the engine itself. Durations are milliseconds, moments epoch milliseconds.
 */
export abstract class WorkerEngine {
  abstract readonly runs: JobRuns;
  abstract readonly cancels: CancelRequests;
  abstract readonly processors: NativeProcessors;

  /**
   * Connects what only workers need, and resolves when the engine can be used and nothing stands in the way of running jobs: an
   * outage, or a permission that is missing, is waited out. To be called once, before the first worker is made.
   * @param drain ends the wait
   */
  abstract open(drain: AbortSignal): Promise<void>;

  /**
   * What is noted about the effects and items of a running job. Writes are repeated while the store refuses them.
   * @param token of the lock
   * @param force aborts when the run has no more time: refusals are not waited out any longer
   */
  abstract effects(job: StoredJob, token: string | undefined, force: AbortSignal): JobEffects;

  /** Makes a worker of a queue. It takes no job before `start`. */
  abstract worker(queue: string, run: RunJob, options: WorkerSettings, hooks: WorkerHooks): EngineWorker;
}

/**
 * Runs one attempt of a job. What it returns is the result of the job. What it throws ends the attempt: an AttemptFailure says how,
 * Postponed, Deferred and Released say that there is no outcome and that the job is back in its queue, HandBack that the worker is to
 * put it there. Anything else is a failure.
 *
 * A function that declares its third parameter is given a signal that aborts when the run has to stop; others cost none.
 * @param token of the lock: what is written about the running job needs it
 */
export type RunJob = (job: StoredJob, token: string | undefined, signal?: AbortSignal) => Promise<unknown>;

/** What a worker may be given beside the options of the app. */
export interface WorkerSettings {
  /** Jobs at a time. Defaults to what the options of the app say of the queue. */
  readonly concurrency?: number | undefined;
  /**
   * Whether there is a handler for jobs of that name. One without goes to `run` all the same, which defers it: that is no attempt, so that
   * neither `attempt` nor `started` hears of it. Called for every job. Defaults to yes.
   */
  handles?(name: string): boolean;
}

/** A worker of one queue. */
export interface EngineWorker {
  /** Of its queue. */
  readonly name: string;
  /** Whether it takes jobs: started, not closing, and the last attempt to take one was not refused. */
  readonly accepting: boolean;
  /** Jobs that it runs at this moment. */
  readonly runningCount: number;
  /** Those jobs. */
  runningJobs(): Iterable<StoredJob>;
  /** Starts to take jobs, and goes on through outages until it is closed. */
  start(): void;
  /** Takes no more jobs; resolves when the running ones have ended. It may wait for ever where the store does not answer. */
  close(): Promise<void>;
  /** From now on `close` resolves at once, whoever calls it: the worker is closed as far as it can be. */
  leave(): void;
  /** Aborts the signal that the run of a job was given, if it was. */
  cancelRun(storedId: string, reason: string): void;
}

/**
 * What a worker says of its jobs, and asks of whoever started it. All but `dying` is called synchronously, and must not throw. Of each job that is
 * taken, in this order: `attempt` with `started` in it, `ran`, `ended`, `ending`, then, once the outcome is stored, `completed` or `failed`.
 */
export interface WorkerHooks {
  /** Aborts when no job may start any more. */
  readonly drain: AbortSignal;
  /** Aborts, after `drain`, when the running jobs have no more time: each is released, and its run left to itself. */
  readonly force: AbortSignal;

  /** Wraps an attempt, as in a span. Settles as `run` does. */
  attempt(job: StoredJob, run: () => Promise<unknown>): Promise<unknown>;
  /** An attempt is about to begin. */
  started(job: StoredJob): void;
  /** Code of the job has run just now: it began, or it has settled. */
  ran(job: StoredJob): void;
  /** A run has ended, by itself or not. Its outcome is not stored yet. */
  ended(job: StoredJob): void;
  /**
   * A failure is stored once this has resolved, which it always does; with false it is not, and the job is run again when its lock has expired.
   * Left out where nobody needs to know.
   */
  readonly dying?: ((job: StoredJob, error: Error) => Promise<boolean>) | undefined;
  /** The outcome of a run, where there is one, is about to be stored: says in the options of the job whether it is kept then. */
  ending(job: EndingJob): void;

  /** The job is stored as completed. */
  completed(job: StoredJob): void;
  /** A failed attempt is stored. `finishedOn` tells a dead job from one that is tried again. @param error what the attempt ended with */
  failed(job: StoredJob, error: Error): void;
  /** The job is put off to a later time, with no attempt used. Of one that is offered again and again it is said once. */
  deferred(job: StoredJob): void;
  /** The job is back at the front of its queue, with no attempt used. */
  released(job: StoredJob): void;
  /** Nobody has stored so far what became of the job: it is run again when its lock has expired, unless `released` follows. */
  unsettled(job: StoredJob): void;
  /** The lock is gone, and another worker may run the job. @param isRunning whether the run has to be stopped */
  lockLost(job: StoredJob, cause: LockLostCause, isRunning: boolean): void;
  /** The worker that ran the job has crashed; it runs again. The crash is counted. */
  stalled(queue: string, storedId: string): void;
  /** What was stored of the job is gone; it is dead. `failed` follows. */
  dataMissing(job: StoredJob): void;

  /** Whether the handler of a job that is running has begun, and is not waiting for its turn. */
  hasBegun(job: StoredJob): boolean;
  /** Whether the event loop has turned all the time since then (of `performance.now`): for silence the store is to blame. */
  turnedSince(begin: number): boolean;
}

/** A job whose outcome is about to be stored. Its options say whether it is removed at once. */
export interface EndingJob {
  readonly name: string;
  readonly queueName: string;
  readonly opts: { removeOnComplete?: unknown; removeOnFail?: unknown };
}

/**
 * Writes about a job that is running. Each is one step, and is repeated while the store refuses it; what it rejects with then is the refusal.
 * @param force aborts when the run has no more time: refusals are not waited out any longer
 */
export interface JobRuns {
  /** Whether a handler has run the job before the start that is under way. */
  hasRun(job: StoredJob): Promise<boolean>;
  /** The run has ended by itself, with the wish to go on later: the job waits so long, and its crashes are counted anew. */
  snooze(job: StoredJob, token: string | undefined, delay: number, force: AbortSignal): Promise<void>;
  /** The job waits so long: nobody here can run it. */
  defer(job: StoredJob, token: string | undefined, delay: number, force: AbortSignal): Promise<void>;
  /** The start that is under way comes to no run. */
  noteIdle(job: StoredJob, token: string | undefined, force: AbortSignal): Promise<void>;
  /** Notes with the job that it is about to be deferred. Is not repeated. */
  noteDeferral(job: StoredJob, now: number): Promise<Deferrals>;
}

/** How often in a row a job was deferred by workers without its handler. */
export interface Deferrals {
  /** The first time. */
  readonly since: number;
  readonly times: number;
}

/** Requests to stop running jobs, of all processes of the app. */
export interface CancelRequests {
  /**
   * Which of these runs were asked to stop, in a round trip for each 500 of them. Without runs it counts only.
   * @returns them, and how many requests there are in all
   */
  look<R extends ActiveRun>(runs: readonly R[]): Promise<{ readonly asked: R[]; readonly requests: number }>;
  /**
   * Ends the jobs whose run was over before it heard of the request, and forgets the requests that are of no use. One process of the app at a
   * time does so, at most once in `every`; for the others there is nothing to do.
   * @param onEnded called for each job that was ended, as soon as it is stored
   */
  settle(every: number, onEnded: (queue: string, storedId: string) => void): Promise<void>;
}

/** A run as requests name it. */
export interface ActiveRun {
  readonly queue: string;
  readonly storedId: string | undefined;
  /** When the store has it that it started. */
  readonly startedAt: number;
}

/** Classes of the app that were written for the engine itself: `@Processor` of @nestjs/bullmq. They take all jobs of their queue. */
export interface NativeProcessors {
  /** Queues of this app that they want to work on. */
  queues(): string[];
  /** Queues of all of them, also of those with a connection of their own. */
  allQueues(): string[];
  /**
   * Makes the workers of all of them; those of this app are returned, to be started by the caller.
   * @param queues the only ones to work on
   * @param adopt what the worker is to run in the place of the processor
   */
  start(
    queues: ReadonlySet<string>,
    adopt: (processor: NativeProcessor) => RunJob,
    settings: WorkerSettings,
    hooks: WorkerHooks,
  ): EngineWorker[];
  /** Jobs that run in those with a connection of their own: only their end is ours. */
  readonly foreignCount: number;
  /** Those with a connection of their own take no more jobs; resolves when the running ones have ended. */
  closeForeign(): Promise<void>;
  /** As {@link EngineWorker.leave}. */
  leaveForeign(): void;
}

/** One of them. */
export interface NativeProcessor {
  readonly queue: string;
  /** What it says of the jobs that it keeps, in the engine's terms. */
  readonly keep: EndingJob['opts'];
  readonly run: RunJob;
  /** Aborts the signal of one of its jobs. */
  cancel(storedId: string, reason: string): void;
}
