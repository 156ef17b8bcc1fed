import type { Actor, AuditEntry, ActVia } from '../contract/audit.js';
import type { Duration } from '../contract/duration.js';
import type { KeyConflict } from './dead-job.js';

/** Options of `redrive`, and of `resume`, where what is left out stays as it was. */
export interface RedriveOptions extends Actor {
  /** The most jobs a second, 0.01 to 10,000. Defaults to as many as Redis takes. */
  readonly rate?: number;
  /** Stops after so many, 1 to 1,000, as soon as they have ended; `resume` does the rest. Defaults to all. */
  readonly first?: number;
  /**
   * The share of the first 50 jobs, 0 to 1, that may die again: it stops by itself when more have. `false` for any share, and without a
   * look at the first 50. Defaults to 0.2.
   */
  readonly stopAt?: number | false;
  /** How long the first jobs are waited for. Defaults to 30 s; not at all while no worker of the app lives. */
  readonly wait?: Duration;
  /** Called at once, after every slice of at most 100 jobs, and while the first ones are waited for. */
  readonly onProgress?: (redrive: Redrive) => void;
  /** Stops after the at most 100 jobs that are on their way; `resume` does the rest. */
  readonly signal?: AbortSignal;
}

/** What is known of the jobs that a redrive retried first: 50, or as many as `first` says. */
export interface RedriveFirst {
  readonly jobs: number;
  /** Those that have completed, or are not kept. */
  readonly completed: number;
  readonly diedAgain: number;
  /** Those that have not ended yet. */
  readonly pending: number;
}

/** How far a redrive is. */
export interface Redrive {
  /** What `resume` and `stop` take. */
  readonly id: string;
  /** `interrupted`: the process that ran it is gone, and `resume` carries on. */
  readonly state: 'running' | 'stopping' | 'interrupted' | 'stopped' | 'done';
  /** Why it has stopped: the `first` jobs were retried, too many of them have died again, or somebody asked for it. */
  readonly why?: 'first' | 'died-again' | 'asked';
  /** The filter, as `AuditService` shows it. */
  readonly what: AuditEntry['what'];
  /** Jobs that died at this moment or later are left alone, those among them that were retried and died again. */
  readonly before: Date;
  /** When it began. */
  readonly at: Date;
  readonly by?: string;
  readonly via: ActVia;
  /** Jobs that matched when it began. */
  readonly matched: number;
  /** By all processes that have run it: exact, also after a kill. */
  readonly retried: number;
  /** Jobs that stay dead: another one holds their unique key. */
  readonly kept: number;
  readonly first: RedriveFirst;
}

/** How a redrive ended, or one run of it. */
export interface RedriveOutcome extends Redrive {
  /** At most 1,000 of the jobs that stay dead: those of this run. */
  readonly conflicts?: readonly KeyConflict[];
}
