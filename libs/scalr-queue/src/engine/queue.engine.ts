import type { CancelOutcome, JobState } from '../contract/job-info.js';
import type { Pong } from '../contract/ping.js';
import type { QueueLimits, UnhandledJob } from '../contract/queue-info.js';
import type { DeployedVersion, GoneWorker, WorkerInfo } from '../contract/worker-info.js';
import type { AuditRecords } from './audit-records.js';
import type { DeadPosition, WrittenDeath } from './dead-position.js';
import type { FinishedJobs } from './finished-jobs.js';
import type { FoundJob, JobFeed, JobPlace, Place } from './found-job.js';
import type { Glimpses } from './glimpse.js';
import type { HistoryStrings } from './history-strings.js';
import type { JobEnd } from './job-end.js';
import type { JobType } from './job-type.js';
import type { PreparedJob } from './prepared-job.js';
import type { QueueState } from './queue-state.js';
import type { RedriveRecords } from './redrive-records.js';
import type { ScheduleRecords } from './schedule-records.js';

/**
 * What the library asks of whatever stores and moves its jobs. Every feature goes through this class and knows no other; `engine/redis` and
 * `engine/memory` implement it, and the behaviours in `test/conformance` say what it has to do.
 *
 * Durations are milliseconds, moments epoch milliseconds. A method that rejects does so with an error of the engine; {@link readError} and
 * {@link enqueueError} make one of the library of it. None has a deadline of its own, unless it says so: whoever calls sets one.
 */
export abstract class QueueEngine {
  abstract readonly intake: JobIntake;
  abstract readonly jobs: JobStore;
  abstract readonly ends: JobEnds;
  abstract readonly deadLetters: DeadLetterStore;
  abstract readonly redrives: RedriveRecords;
  abstract readonly queues: QueueStore;
  abstract readonly types: JobTypeRegistry;
  abstract readonly workers: WorkerRegistry;
  abstract readonly schedules: ScheduleRecords;
  abstract readonly finished: FinishedJobs;
  abstract readonly epoch: EpochMark;
  abstract readonly audit: AuditRecords;
  abstract readonly history: HistoryStrings;

  /** Whether it can be used at this moment. Costs nothing. */
  abstract get ready(): boolean;

  /**
   * Nothing when it can be used at this moment; what is known is said at once, without a turn of the event loop.
   * @returns while an attempt to connect is under way, a promise that settles with it
   * @throws QueueUnavailableError when it is known to be down, QueueClosedError after the shutdown
   */
  abstract usable(purpose?: 'enqueue' | 'read'): Promise<void> | undefined;

  /** Whether it answers: within 800 ms, and asked at most once a second, however many want to know. */
  abstract answers(): Promise<boolean>;

  /** Whether nothing is known of its server that keeps the process from becoming ready, such as a permission that is missing. */
  abstract get fit(): boolean;

  /** Resolves when nothing stands in the way of a process of that role, or when the signal aborts. */
  abstract untilFit(role: 'producer' | 'worker', signal: AbortSignal): Promise<void>;

  /** How its server is, as far as jobs depend on it; undefined where there is none. */
  abstract serverState(): Promise<ServerState | undefined>;

  /** What was found to be unreadable and left out so far, a line each. */
  abstract get damaged(): readonly string[];

  /** Calls back whenever it can be used again, the first time included; it may have been emptied meanwhile. @returns ends that */
  abstract onReady(listener: () => void): () => void;

  /** Tells the log of trouble that nobody waits for: each kind once a while, however often it is met. */
  abstract report(trouble: unknown): void;

  /** What a failed write of new jobs means: an EnqueueError that says that nothing happened, or an OutcomeUnknownError for these jobs. */
  abstract enqueueError(failure: unknown, jobIds: readonly string[]): Promise<Error>;

  /** Whether such a failure leaves open what became of the job. */
  abstract isInDoubt(failure: unknown): boolean;

  /** What a failed read, or an act on stored jobs, means: QueueUnavailableError, or StoredDataError where what is stored cannot be read. */
  abstract readError(failure: unknown): Promise<Error>;
}

/** Tells a store that was emptied, or is another one, from the one that it was. */
export interface EpochMark {
  /** What it is marked with; undefined when it is not. */
  read(): Promise<string | undefined>;
  /** Marks it, unless it is marked. @returns its mark */
  mark(epoch: string): Promise<string>;
}

/** How the server of an engine is. */
export interface ServerState {
  /** In bytes. */
  readonly memory: number;
  /** In bytes; 0 for no limit. */
  readonly maxMemory: number;
  readonly clients: number;
  /** Whether a job that was taken is kept: written to disk, and never evicted. */
  readonly durable: boolean;
}

/** Adding jobs. */
export interface JobIntake {
  /**
   * Counts so many more jobs for a queue, from a size that was read at most a quarter of a second ago. Far below the limit nothing is waited for.
   * @throws QueueFullError when the queue would hold more than its `maxBacklog`
   */
  admit(queue: string, jobs: number): Promise<void> | undefined;
  /** Adds a job whose id is new. One step; harmless when repeated. */
  add(job: PreparedJob): Promise<unknown>;
  /** Adds jobs of one queue whose ids are new: each in one step, all in one round trip. @returns for each what went wrong */
  addAll(jobs: readonly PreparedJob[]): Promise<(Error | undefined)[]>;
  /**
   * Adds a job whose id or unique key may be taken: the look and the write in one step.
   * @param former queues that its definition had before, whose jobs and keys count too
   */
  addContested(job: PreparedJob, former: readonly string[]): Promise<ContestedAdd>;
  /**
   * Takes back a job that was handed to this process's engine and that nobody was told of yet: it is not added then.
   * @returns false where it may have been: it is on its way, or there is no such step
   */
  withdraw(job: PreparedJob): boolean;
  /**
   * Adds the job of a slot and notes the slot with its schedule, both or neither; a job that is there, or was an hour ago, stays as it is.
   */
  addSlot(job: PreparedJob, schedule: string, slot: number): Promise<void>;
}

/** What became of a job whose id or unique key may have been taken. */
export interface ContestedAdd {
  readonly status: 'created' | 'duplicate' | 'replaced' | 'rerun';
  /** Of the job that counts. */
  readonly storedId: string;
  /** Where that is in a queue that the definition had before. */
  readonly former?: string;
}

/** Stored jobs, one by one. */
export interface JobStore {
  /** Which of these are stored, in one round trip. @param places the name may be that of any job @returns those that are, with their names */
  stored(places: readonly JobPlace[]): Promise<JobPlace[]>;
  /** Which of these stand in a list of their queue, also where the data of the job is gone. One round trip. */
  listed(places: readonly JobPlace[]): Promise<JobPlace[]>;
  /** The job with its state; undefined when there is none. Both are of one moment. */
  read(queue: string, storedId: string): Promise<FoundJob | undefined>;
  /** Its state in the words of the engine; `unknown` where there is none. */
  stateOf(queue: string, storedId: string): Promise<string>;
  /** The lines that are kept of its log, oldest first. */
  logsOf(queue: string, storedId: string): Promise<string[]>;
  /** Its place among those that wait, from 1 on; undefined where it does not wait, or more than 10,000 are ahead of it. */
  positionOf(found: FoundJob): Promise<number | undefined>;
  /**
   * The jobs of a queue in a state, as lists that are read in slices: jobs may move between two of them.
   * @param offsets of the lists, by their keys: jobs to skip
   */
  feeds(queue: string, state: JobState, offsets: Readonly<Record<string, number>>): JobFeed[];
  /**
   * Looks at some of the jobs that wait. One round trip.
   * @param places among all of them, from 0 on: each is that of another job, in an order of the engine's own
   */
  glimpse(queue: string, places: readonly number[], withPayload: boolean): Promise<Glimpses>;
  /** Ends a job that waits, or leaves a request for one that runs, in one step. @param reason what is stored as its failure */
  cancel(place: JobPlace, reason: string): Promise<CancelOutcome>;
  /** Lets a delayed job wait for its turn from now on. Rejects where it is not delayed. */
  promote(place: Place): Promise<void>;
  /** Takes away a job that does not run, with all that belongs to it; does nothing where there is none. */
  remove(place: Place): Promise<void>;
}

/** How jobs end, for whoever waits for one. */
export interface JobEnds {
  /** Calls back when the job ends. @returns what stops that, and a promise that resolves when ends are heard */
  listen(
    queue: string,
    storedId: string,
    onEnd: (end: JobEnd) => void,
  ): { readonly stop: () => void; readonly listening: Promise<void> };
  /** How a job ended that is not kept, as long as that is known. @param places where the job may have been */
  find(places: readonly Place[]): Promise<JobEnd | undefined>;
  /** Whether one of these ids is remembered: its job has ended, a while ago at the most (`keep.ids`). */
  remembers(places: readonly Place[]): Promise<boolean>;
}

/**
 * The dead jobs of queues. What changes a job does so in one step of its own, and only while it is dead of that same death, so that two
 * processes never do it twice.
 */
export interface DeadLetterStore {
  /** How many died between two times, both included; `Infinity` for no end. Does not depend on how many there are. */
  count(queue: string, from: number, to: number): Promise<number>;
  /** At most `limit` of those that died between two times, both included, newest first, leaving out the first `offset`. */
  page(queue: string, from: number, to: number, offset: number, limit: number): Promise<DeadPosition[]>;
  /** What is written down about the end of each job; undefined for one that is gone. One round trip. */
  deathsOf(positions: readonly DeadPosition[]): Promise<(WrittenDeath | undefined)[]>;
  /**
   * Why some dead jobs died, as it is written down: those at these ranks, from the newest (0) on. Two round trips for all of them.
   * @param looks ranges of ranks, both ends included
   */
  failuresAt(
    looks: readonly { readonly queue: string; readonly from: number; readonly to: number }[],
  ): Promise<{ readonly queue: string; readonly failedReason?: string }[]>;
  /**
   * Makes dead jobs ready for {@link retry}, with their unique keys.
   * @param dryRun only looks
   * @returns of each the stored id of the job that holds its unique key, else whether it may be retried
   */
  prepare(positions: readonly DeadPosition[], dryRun: boolean): Promise<(boolean | string)[]>;
  /** Puts a dead job back into its queue with all its attempts; false when it is not dead any more. */
  retry(position: DeadPosition): Promise<boolean>;
  /** Removes dead jobs for good; of each whether it was still dead. */
  delete(positions: readonly DeadPosition[]): Promise<boolean[]>;
  /** Moves a dead job to another queue, dead as it is; false when it is not dead any more, or one with its id is there. */
  move(position: DeadPosition, target: string): Promise<boolean>;
}

/** Queues as a whole. */
export interface QueueStore {
  /** Names of the queues that this process has used or that the options name. Asks nobody. */
  names(): string[];
  /** The state of all these, in one round trip. The cost does not grow with the backlog. */
  states(names: readonly string[]): Promise<QueueState[]>;
  /** No job of the queue starts any more, in any worker; those that run go on. */
  pause(name: string): Promise<void>;
  resume(name: string): Promise<void>;
  /** What holds jobs of the queue up over all workers: a limit of jobs at a time, and how long, in milliseconds, its rate limit still lasts. */
  limitsOf(name: string): Promise<{ readonly concurrency?: number; readonly rateLimitedFor: number }>;
  /** The limits of all these over all workers, and how much of each is used, in one round trip; those without any are left out. */
  usedLimits(names: readonly string[]): Promise<Omit<QueueLimits, 'running'>[]>;
  /** Writes the limits that the options give the queue, and again whenever they may be lost. Never rejects. */
  writeLimits(name: string): Promise<void>;
  /**
   * Sends the smallest job there is through the queue, past its backlog, and takes everything of it away again.
   * @param timeout milliseconds
   * @returns undefined when no worker took it in time
   */
  ping(name: string, timeout: number): Promise<PingAnswer | undefined>;
}

/** A worker took the ping. */
export interface PingAnswer {
  readonly roundTripMs: number;
  /** Absent for a worker with a version of the library that does not know pings. */
  readonly worker?: Pong;
}

/**
 * Which kinds of jobs the app has and in which queues they wait, over all its processes: how a job is found by its id alone. Written by
 * whoever enqueues or handles a job.
 */
export interface JobTypeRegistry {
  /** Remembers a kind of job; writes it in the background, now and then again in case the store was emptied. */
  record(type: JobType): void;
  /** Remembers a queue that other code adds jobs to. */
  recordQueue(queue: string): void;
  /** Whether this process has a definition of that name. */
  knows(name: string): boolean;
  /** The queue of a definition, where this process has it. */
  queueOf(name: string): string | undefined;
  /** Other queues that any process has enqueued jobs of that name into. Known within 200 ms, from what was known before if need be. */
  formerQueues(type: JobType): string[] | Promise<string[]>;
  /** All that are known to any process of the app. @param maxAge how old, in milliseconds, what other processes wrote may be (2,000) */
  entries(maxAge?: number): Promise<JobType[]>;
}

/** The worker processes of the app. A heartbeat is good for twenty seconds, by the clock of the store. */
export interface WorkerRegistry {
  beat(worker: WorkerInfo): Promise<void>;
  /** Notes the version that this worker runs, unless it is known. One that does not tell its version notes nothing. */
  noteVersion(worker: WorkerInfo): Promise<void>;
  /** Takes a worker out that says goodbye. */
  remove(id: string): Promise<void>;
  /** Notes what this worker handles: who looks for the last one that did finds it after it is gone. */
  noteHandlers(worker: WorkerInfo): Promise<void>;
  /** All that live, oldest first. */
  list(): Promise<WorkerInfo[]>;
  /** At most 50 that died without a goodbye within a day, latest first. */
  lost(): Promise<WorkerInfo[]>;
  /** Remembers a worker that shuts down. */
  noteGone(worker: WorkerInfo): Promise<void>;
  /** At most a hundred that shut down or died without a goodbye, latest first. */
  gone(): Promise<GoneWorker[]>;
  /** The last 50 versions of the app that workers ran, latest first. */
  versions(): Promise<DeployedVersion[]>;
  /** These kinds of jobs with the worker that handled them last. */
  withLastHandler(jobs: readonly UnhandledJob[]): Promise<UnhandledJob[]>;
}
