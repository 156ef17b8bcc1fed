/** What a process does: it only enqueues, or runs jobs too. */
export type ProcessRole = 'producer' | 'worker';

/** One thing that is wrong, and how to mend it. */
export interface Finding {
  /** `fatal`: nothing works. `danger`: data can be lost. `warning`: something is worse than it could be. */
  readonly severity: 'fatal' | 'danger' | 'warning';
  readonly problem: string;
  readonly cure: string;
}
