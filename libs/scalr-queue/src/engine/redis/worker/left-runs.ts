/** Runs that have ended and whose outcome the next run of the same job has; each is kept for a while. */
export class LeftRuns<R> {
  private readonly runs = new Map<string, R>();

  /** @param keep in milliseconds */
  constructor(private readonly keep: number) {}

  add(storedId: string, run: R | undefined): void {
    if (run === undefined) return;
    this.runs.set(storedId, run);
    setTimeout(() => {
      if (this.runs.get(storedId) === run) this.runs.delete(storedId);
    }, this.keep).unref();
  }

  take(storedId: string): R | undefined {
    const run = this.runs.get(storedId);
    this.runs.delete(storedId);
    return run;
  }
}
