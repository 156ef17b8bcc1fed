import type { DeadPosition } from './dead-position.js';

/** How long a redrive that nobody carries on is remembered, in milliseconds. */
export const KEEP_REDRIVES = 7 * 24 * 3_600_000;

/** Redrives that are listed. */
export const LISTED_REDRIVES = 100;

/** What a redrive is to do, as texts that only their writer understands. */
export type RedrivePlan = Readonly<Record<string, string>>;

/** How far a redrive is. */
export interface RedriveRecord {
  readonly id: string;
  readonly plan: RedrivePlan;
  readonly state: 'running' | 'stopping' | 'stopped' | 'done';
  /** Why it has stopped. */
  readonly why?: string;
  /** When it began, in epoch milliseconds. */
  readonly at: number;
  /** Jobs that matched when it began. */
  readonly matched: number;
  readonly retried: number;
  /** Jobs that stay dead: another one holds their unique key. */
  readonly kept: number;
  /** Where to carry on. */
  readonly cursor?: string;
  /** How many milliseconds whoever runs it still has to say so again; 0 when nobody runs it. */
  readonly heldFor: number;
}

/** Who runs a redrive, until when. */
export interface RedriveHold {
  readonly id: string;
  /** Tells this run from any other. */
  readonly holder: string;
  /** Milliseconds for which the hold is good, each time it is shown. */
  readonly lease: number;
  /** How many of the jobs that it retries first are remembered. */
  readonly sample: number;
}

/** What became of an attempt to run a redrive that is written down. */
export type RedriveTaken = 'taken' | 'none' | 'done' | { readonly heldFor: number };

/** What became of one dead job: `lost` where the redrive is not held any more, or is to stop. */
export type Redriven = 'retried' | 'not-dead' | 'lost' | { readonly holder: string };

/** What became of the jobs that were retried first. A job that is gone has ended well, as far as one can know. */
export interface RedriveFates {
  readonly jobs: number;
  readonly completed: number;
  readonly diedAgain: number;
  readonly pending: number;
}

/**
 * The redrives of the app: dead jobs that are retried one after the other, by one process at a time. What a step has done is counted in that
 * step, so that whoever carries on after a kill knows it, and no job is retried twice.
 */
export interface RedriveRecords {
  /** Writes a new one, which is held from then on. */
  open(hold: RedriveHold, plan: RedrivePlan, at: number, matched: number): Promise<void>;
  /**
   * Takes one that nobody holds. One that was stopped begins with a new sample of first jobs.
   * @param plan parts that change
   * @param onlyLost not one that was stopped
   */
  take(hold: RedriveHold, plan: RedrivePlan, onlyLost: boolean): Promise<RedriveTaken>;
  /** Retries a dead job, unless this redrive has done so before. @param target the queue that its definition has now */
  retry(hold: RedriveHold, position: DeadPosition, target: string): Promise<Redriven>;
  /** Shows the hold, and notes where to carry on. @returns false where it is not held any more, or is to stop */
  advance(hold: RedriveHold, cursor?: string): Promise<boolean>;
  /** Ends the run. @returns the jobs that were retried since the last run ended; undefined where it is not held any more */
  end(hold: RedriveHold, state: 'stopped' | 'done', why?: string): Promise<number | undefined>;
  /** Asks whoever runs it to stop; without one it has stopped. @returns false where there is none that runs */
  stop(id: string): Promise<boolean>;
  read(id: string): Promise<RedriveRecord | undefined>;
  /** The last {@link LISTED_REDRIVES}, the newest first. */
  list(): Promise<RedriveRecord[]>;
  fates(id: string): Promise<RedriveFates>;
}
