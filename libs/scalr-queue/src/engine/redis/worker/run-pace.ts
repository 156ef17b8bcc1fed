/** What is taken ahead should start within so many milliseconds. */
const AHEAD_MS = 1;
/** Runs in a row that have to be quick before anything is taken ahead: twice as many whenever that turned out to be wrong, up to a bound. */
const KNOWN_AFTER = 16;
const MOST_KNOWN_AFTER = 4_096;
/** A run of so many milliseconds is not quick: all before it is forgotten. */
const SLOW_MS = 10;
/** Of the running mean, what the last run counts. */
const WEIGHT = 1 / 16;
/** A clock tells no less of a run. */
const LEAST_MS = 0.01;

/** How quick the jobs of a worker are, and so how many it may take before it can start them. */
export class RunPace {
  private quick = 0;
  private mean = 0;
  private knownAfter = KNOWN_AFTER;

  /** @param ms what a run took */
  note(ms: number): void {
    if (ms >= SLOW_MS) {
      this.quick = 0;
      return;
    }
    this.mean = this.quick === 0 ? ms : this.mean + (ms - this.mean) * WEIGHT;
    if (++this.quick === MOST_KNOWN_AFTER) this.knownAfter = KNOWN_AFTER;
  }

  /** Something was taken ahead that could not start in time. */
  wasWrong(): void {
    this.quick = 0;
    this.knownAfter = Math.min(MOST_KNOWN_AFTER, this.knownAfter * 2);
  }

  /** @param slots jobs that run at a time */
  ahead(slots: number, most: number): number {
    if (this.quick < this.knownAfter) return 0;
    return Math.min(most, Math.floor((slots * AHEAD_MS) / Math.max(this.mean, LEAST_MS)));
  }
}
