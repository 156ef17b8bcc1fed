import type { StoredFault } from './stored-fault.js';
import type { StoredJob } from './stored-job.js';

/** A stored job to look at. */
export type ReadJob = Omit<StoredJob, 'updateProgress' | 'log' | 'moveToDelayed'>;

/** A stored job and the state it is in. */
export interface FoundJob {
  readonly job: ReadJob;
  readonly state: string;
  /** Epoch milliseconds at which a delayed job may start. */
  readonly runAt?: number;
  /** Why not all of it can be shown. */
  readonly fault?: StoredFault;
}

/** Where a job is, or was, stored. */
export interface Place {
  readonly queue: string;
  /** The id under which it is stored: it holds the name of the definition. */
  readonly storedId: string;
}

/** Where a job is stored, and its name. */
export interface JobPlace extends Place {
  readonly name: string;
}

/** The next jobs of one list, read in slices; each list in an order of its own. */
export interface JobFeed {
  /** Names the list over all queues of the app: a cursor remembers by it how far the list was read. */
  readonly key: string;
  readonly queue: string;
  /** Jobs that were taken or skipped. */
  readonly taken: number;
  /** The next one: of several lists, that with the lowest order comes first. Undefined at the end. */
  head(): Promise<{ readonly storedId: string; readonly order: number } | undefined>;
  /** Passes the head. */
  take(): void;
}
