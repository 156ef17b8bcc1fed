import type { KeepRule } from './keep-rule.js';

/** The states that end a job. */
export type FinishedState = 'completed' | 'failed';

/** Rules by definition name, as the live workers announce them; see {@link foreignRule} for jobs of other code. */
export type KeepRules = ReadonlyMap<string, KeepRule>;

/** What a look at all finished jobs of a state has left. */
export interface Trimmed {
  readonly kept: number;
  /** Epoch milliseconds at which the next of them is kept too long; `Infinity` for never. */
  readonly nextAt: number;
}

/** How long finished jobs are kept, over all processes of the app. */
export interface FinishedJobs {
  /** Says what this process keeps, good for as long as a heartbeat; `leaving` for the last time. */
  announce(rules: KeepRules, leaving?: boolean): Promise<void>;
  /**
   * The rules that hold: while workers with different ones live, the longer of each; when none lives, the last.
   * @returns whether workers differ about one of them, too
   */
  rules(): Promise<{ readonly rules: KeepRules; readonly differ: boolean }>;
  /** How many there are. */
  count(queue: string, state: FinishedState): Promise<number>;
  /**
   * Keeps other processes from looking at the same jobs for so many milliseconds; undefined where another one does so now.
   * @returns ends that, so many milliseconds from then
   */
  lease(
    queue: string,
    state: FinishedState,
    ms: number,
  ): Promise<((after: number) => Promise<void>) | undefined>;
  /** Removes those that are kept no longer, each kind by its own rule, in slices of 50. Those that end meanwhile stay. */
  trim(queue: string, state: FinishedState, rules: KeepRules): Promise<Trimmed>;
}
