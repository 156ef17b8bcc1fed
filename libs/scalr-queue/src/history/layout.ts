import type { HistoryString } from '../engine/history-strings.js';

export const MINUTE = 60_000;
export const DAY = 24 * 60 * MINUTE;
/** A day is over for everybody an hour after its end, whatever the clocks say. */
const LATE = 60 * MINUTE;

/** What is counted of a kind of job, in this order within a cell. */
export const KIND_FIELDS = ['done', 'failed', 'dead', 'runMs'] as const;
export type KindField = (typeof KIND_FIELDS)[number];
export const KIND_BITS = 32;

/** Upper bounds of the classes of waits, in milliseconds: 12 classes in a cell of a queue, and behind them the age of its oldest job. */
export const WAIT_BOUNDS = [
  50,
  200,
  500,
  1_000,
  2_000,
  5_000,
  15_000,
  MINUTE,
  5 * MINUTE,
  15 * MINUTE,
  60 * MINUTE,
  Infinity,
] as const;
export const OLDEST = WAIT_BOUNDS.length;
export const QUEUE_FIELDS = WAIT_BOUNDS.length + 1;
/** Not 16: a worker starts more than 65,535 jobs of a queue in ten minutes, and a full class falsifies the others. */
export const QUEUE_BITS = 24;

/** Kinds of jobs of which a worker keeps history; all others are one. So no flood of names makes a flood of strings. */
export const MAX_KINDS = 200;
export const OTHER = 'other';

/** A length of cells that is kept. */
export interface Grain {
  readonly step: number;
  readonly kinds: HistoryString['series'];
  readonly queues: HistoryString['series'];
}

/** A cell a minute, for a day. */
export const FINE: Grain = { step: MINUTE, kinds: 'k', queues: 'q' };
/** A cell every ten minutes, for as many days as the options say. */
export const COARSE: Grain = { step: 10 * MINUTE, kinds: 'k10', queues: 'q10' };

/** Where a moment is kept. Whatever the clock says, the cell is one of its day: a clock that jumps writes into another day, not behind the end. */
export function placeOf(at: number, step: number): { readonly day: number; readonly cell: number } {
  const moment = Number.isFinite(at) ? at : 0;
  const day = Math.floor(moment / DAY);
  return { day, cell: Math.floor((moment - day * DAY) / step) };
}

/** How long, in milliseconds, a string of that day is kept beyond now: until the last cell of the day is so many days old. */
export function expiryOf(at: number, days: number): number {
  const { day } = placeOf(at, DAY);
  return Math.ceil((day + 1) * DAY - at + days * DAY + LATE);
}

/** The class that a wait is of. */
export function waitClass(waitMs: number): number {
  return WAIT_BOUNDS.findIndex((bound) => waitMs <= bound);
}

/** The number at a place of a string of them; 0 behind its end. */
export function numberAt(bytes: Uint8Array, bits: number, index: number): number {
  if (bits === 1) return ((bytes[index >> 3] ?? 0) >> (7 - (index % 8))) & 1;
  const width = bits / 8;
  let number = 0;
  for (let at = index * width; at < (index + 1) * width; at++) number = number * 256 + (bytes[at] ?? 0);
  return number;
}
