import type { HistoryColumn, HistorySeries } from '../contract/history.js';
import { KIND_FIELDS, type KindField, WAIT_BOUNDS } from './layout.js';

/** The cells of a range, added up over kinds, queues and apps. */
export class HistoryCells {
  readonly count: number;
  /** Whether a worker lived. */
  readonly lived: Uint8Array;
  readonly kinds: Readonly<Record<KindField, Float64Array>>;
  readonly waits: Float64Array;
  /** In milliseconds, and one more: 0 where nobody measured. */
  readonly oldest: Float64Array;

  /** @param step length of a cell, in milliseconds */
  constructor(
    readonly t0: number,
    readonly step: number,
    end: number,
  ) {
    this.count = Math.ceil((end - t0) / step);
    this.lived = new Uint8Array(this.count);
    const column = () => new Float64Array(this.count);
    this.kinds = { done: column(), failed: column(), dead: column(), runMs: column() };
    this.waits = new Float64Array(this.count * WAIT_BOUNDS.length);
    this.oldest = column();
  }

  /** The cell that a moment of the range is in. */
  at(moment: number): number {
    return Math.floor((moment - this.t0) / this.step);
  }

  /** Adds those of another app, of the same range. */
  add(other: HistoryCells): void {
    for (let cell = 0; cell < this.count; cell++) {
      if (other.lived[cell]) this.lived[cell] = 1;
      for (const field of KIND_FIELDS) this.kinds[field][cell]! += other.kinds[field][cell]!;
      this.oldest[cell] = Math.max(this.oldest[cell]!, other.oldest[cell]!);
    }
    for (const [at, value] of other.waits.entries()) this.waits[at]! += value;
  }

  /** @param withQueues whether what is kept by queue was read */
  columns(withQueues: boolean): HistorySeries {
    const column = (of: (cell: number) => number | null): HistoryColumn =>
      Array.from(this.lived, (lived, cell) => (lived ? of(cell) : null));
    const { done, failed, dead, runMs } = this.kinds;
    const counts = {
      done: column((cell) => done[cell]!),
      failed: column((cell) => failed[cell]!),
      dead: column((cell) => dead[cell]!),
      runMs: column((cell) => runMs[cell]!),
    };
    if (!withQueues) return counts;
    return {
      ...counts,
      started: column((cell) => this.classesOf(cell).reduce((sum, some) => sum + some, 0)),
      waitP50Ms: column((cell) => quantile(this.classesOf(cell), 0.5)),
      waitP95Ms: column((cell) => quantile(this.classesOf(cell), 0.95)),
      oldestMs: column((cell) => (this.oldest[cell]! > 0 ? this.oldest[cell]! - 1 : null)),
    };
  }

  private classesOf(cell: number): Float64Array {
    return this.waits.subarray(cell * WAIT_BOUNDS.length, (cell + 1) * WAIT_BOUNDS.length);
  }
}

/** The upper bound of the class in which that part of the jobs is reached; the lower one of the last, which has none. */
function quantile(classes: Float64Array, part: number): number | null {
  const all = classes.reduce((sum, some) => sum + some, 0);
  if (all === 0) return null;
  let seen = 0;
  const at = classes.findIndex((some) => (seen += some) >= all * part);
  return WAIT_BOUNDS[Math.min(at, WAIT_BOUNDS.length - 2)]!;
}
