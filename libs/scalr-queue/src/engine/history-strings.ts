/**
 * Whole numbers of equal width, one behind the other in a string: the history of the app. What their places mean is up to who writes them. A number
 * that would not fit any more stays at the largest one.
 */
export interface HistoryStrings {
  /**
   * Changes numbers of several strings in one round trip, each string by itself.
   * @returns of each string what its numbers are after an addition and were before a setting, or why it was refused
   */
  write(changes: readonly StringChange[]): Promise<(readonly number[] | Error)[]>;
  /** The bytes of these slices, in one round trip; fewer, or none, where a string ends before. */
  read(slices: readonly StringSlice[]): Promise<Uint8Array[]>;
}

/** One string: of a kind of job or of a queue, a cell a minute or, with `10`, every ten minutes; or of the minutes in which a worker lived. */
export interface HistoryString {
  readonly series: 'k' | 'q' | 'k10' | 'q10' | 'a';
  /** The kind of job, or the queue; empty for `a`. */
  readonly of: string;
  /** Days since 1970 in UTC. */
  readonly day: number;
}

/** What is to become of the numbers of one string. */
export interface StringChange {
  readonly string: HistoryString;
  /** Of each of its numbers. */
  readonly bits: number;
  readonly fields: readonly FieldChange[];
  /** In so many milliseconds the string goes; left out where that stays as it is. */
  readonly expireIn?: number;
}

/** What is to become of one number. */
export interface FieldChange {
  readonly act: 'add' | 'set';
  /** Its place in the string, from 0 on. */
  readonly index: number;
  /** Not negative; a larger one than fits counts as the largest. */
  readonly value: number;
}

/** Bytes of one string: from the first on, up to the one before the last. */
export interface StringSlice {
  readonly string: HistoryString;
  readonly from: number;
  readonly to: number;
}
