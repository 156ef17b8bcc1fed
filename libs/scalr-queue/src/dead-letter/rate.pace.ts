/** The most jobs that are on their way at once: few enough that no other app waits for them. */
const MOST = 100;
/** Slices a second, where the rate is high enough. */
const SLICES = 5;

/** Says how many jobs may come next, and when. What was not used is not made up for. */
export class RatePace {
  private next = 0;

  /** @param rate jobs a second; undefined for no limit */
  constructor(
    private readonly rate: number | undefined,
    private readonly now = () => performance.now(),
  ) {}

  /** Jobs that may come at once. */
  get slice(): number {
    return this.rate === undefined ? MOST : Math.max(1, Math.min(MOST, Math.floor(this.rate / SLICES)));
  }

  /** Milliseconds until the next ones may come. */
  get delay(): number {
    return Math.max(0, this.next - this.now());
  }

  /** Counts jobs that came. */
  count(jobs: number): void {
    if (this.rate !== undefined) this.next = Math.max(this.next, this.now()) + (jobs / this.rate) * 1_000;
  }
}
