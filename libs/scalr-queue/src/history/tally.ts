import { KIND_FIELDS, type KindField, MAX_KINDS, OTHER, WAIT_BOUNDS, waitClass } from './layout.js';

/** What was counted since it was last taken. */
export interface Counted {
  readonly kinds: ReadonlyMap<string, Readonly<Record<KindField, number>>>;
  /** Of each queue how many jobs waited so long, by class. */
  readonly waits: ReadonlyMap<string, readonly number[]>;
}

const nothing = (): Record<KindField, number> => ({ done: 0, failed: 0, dead: 0, runMs: 0 });

/** Counts in the memory of the worker what has yet to be written. */
export class HistoryTally {
  private readonly names = new Set<string>();
  private kinds = new Map<string, Record<KindField, number>>();
  private waits = new Map<string, number[]>();

  /** @param isKnown whether a kind of job may have a place of its own */
  constructor(private readonly isKnown: (name: string) => boolean) {}

  /** An attempt has ended. */
  ended(name: string, outcome: 'done' | 'failed' | 'dead', runMs: number): void {
    const kind = this.nameOf(name);
    let counts = this.kinds.get(kind);
    if (!counts) this.kinds.set(kind, (counts = nothing()));
    if (outcome === 'done') counts.done += 1;
    else counts.failed += 1;
    if (outcome === 'dead') counts.dead += 1;
    counts.runMs += Math.round(runMs);
  }

  /** A job has started for the first time. */
  waited(queue: string, waitMs: number): void {
    let counts = this.waits.get(queue);
    if (!counts) this.waits.set(queue, (counts = WAIT_BOUNDS.map(() => 0)));
    counts[waitClass(waitMs)]! += 1;
  }

  /** What there is, which is counted anew from now on. */
  take(): Counted {
    const { kinds, waits } = this;
    this.kinds = new Map();
    this.waits = new Map();
    return { kinds, waits };
  }

  private nameOf(name: string): string {
    if (this.names.has(name)) return name;
    if (this.names.size >= MAX_KINDS || !this.isKnown(name)) return OTHER;
    this.names.add(name);
    return name;
  }
}

/** Of one kind, in the order of a cell. */
export const inOrder = (counts: Readonly<Record<KindField, number>>): number[] =>
  KIND_FIELDS.map((field) => counts[field]);
