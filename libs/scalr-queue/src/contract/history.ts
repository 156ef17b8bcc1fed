import type { Duration } from './duration.js';
import type { DeployedVersion } from './worker-info.js';

/** How much of the past. */
export type HistoryRange = '1h' | '6h' | '24h' | '14d';

/** Which part of the history. */
export interface HistoryQuery {
  /** Defaults to `'6h'`. */
  readonly range?: HistoryRange;
  /**
   * Length of a cell: whole minutes, whole ten minutes for `'14d'`, at most 2,016 in the range. Defaults to a minute for `'1h'` and `'6h'`, two
   * for `'24h'`, thirty for `'14d'`.
   */
  readonly step?: Duration;
  /** Only jobs of that name. */
  readonly kind?: string;
  /** Only jobs of that queue. */
  readonly queue?: string;
}

/** One value a cell. Null where no worker wrote history in that time, or there was nothing to tell. */
export type HistoryColumn = readonly (number | null)[];

/** What the workers of an app did, in cells of equal length: columns, so that a chart can draw them as they are. */
export interface History {
  /** When the first cell begins, in epoch milliseconds. */
  readonly t0: number;
  /** Length of a cell, in milliseconds. */
  readonly step: number;
  /** When it was read, in epoch milliseconds: the last cell ends later, and is not full yet. */
  readonly asOf: number;
  readonly series: HistorySeries;
  /** The versions of the app that were first seen in that time, latest first. */
  readonly deploys: readonly DeployedVersion[];
}

/** Null in a column of counts is a gap; 0 is told only where a worker lived. */
export interface HistorySeries {
  /** Jobs that completed. */
  readonly done: HistoryColumn;
  /** Attempts that failed, retried or not. */
  readonly failed: HistoryColumn;
  /** Jobs that gave up. */
  readonly dead: HistoryColumn;
  /** Run time of the attempts that ended, in milliseconds. */
  readonly runMs: HistoryColumn;
  /** Jobs that were started for the first time; this and the next ones are kept by queue, and absent where a kind was asked for. */
  readonly started?: HistoryColumn;
  /** How long half of them, and 95 %, had waited at most: the upper bound of the class of waits, in milliseconds. Null also where none started. */
  readonly waitP50Ms?: HistoryColumn;
  readonly waitP95Ms?: HistoryColumn;
  /** Age of the job that had waited longest, in milliseconds, measured once a minute while jobs run. Null also where none ran. */
  readonly oldestMs?: HistoryColumn;
}
