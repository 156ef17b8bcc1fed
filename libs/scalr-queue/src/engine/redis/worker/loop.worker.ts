import type { Job } from 'bullmq';
import type { CompletedJob, TakenJob } from './finish.calls.js';

/** What the loop does to its worker. Nothing of it throws, and no promise rejects. */
export interface LoopWorker {
  readonly id: string;
  readonly concurrency: number;
  readonly lockDuration: number;
  /** Closing, or paused: nothing more is taken. */
  readonly isStopped: boolean;
  /** Nothing more is started. */
  readonly isDraining: boolean;
  /** What of a taken job can be run. Its lock is kept from here on. */
  make(taken: TakenJob, token: string): Promise<Job | undefined> | Job | undefined;
  /** Settles with the run that has put this job back, and has not ended yet; undefined where there is none. */
  leaving(storedId: string): Promise<unknown> | undefined;
  /** @returns undefined for what the engine has to do from begin to end */
  run(job: Job): Promise<unknown> | undefined;
  runByEngine(job: Job): Promise<void>;
  /** @returns what the call has to say of it; undefined where the engine has to */
  ending(job: Job, result: unknown): CompletedJob | undefined;
  completed(job: Job, result: unknown, finishedOn: number): void;
  /** By a call of its own, as the engine does, for as long as it takes. */
  completeAlone(job: Job, result: unknown, isAnnounced: boolean): Promise<void>;
  fail(job: Job, error: unknown): Promise<void>;
  putBack(jobs: readonly Job[]): Promise<void>;
  /** A call has failed, or not: resolves when the next one may take jobs. */
  answered(error?: unknown): Promise<void> | undefined;
  /** Resolves when others had their turn with what this worker has put off; undefined where they have. */
  standBack(): Promise<void> | undefined;
  /** Takes one job in the engine's way, as soon as a limit over all workers lets it. */
  takeByEngine(): Promise<TakenByEngine>;
  /** Resolves when there may be jobs, or with the time of the next delayed one. */
  wait(due: number): Promise<number>;
}

/** What the engine had, or when the next delayed job is due (0: unknown). Neither where it has to be asked again. */
export interface TakenByEngine {
  readonly job?: Job | undefined;
  readonly due?: number;
}
