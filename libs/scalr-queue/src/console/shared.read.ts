/** What has failed is tried again soon, however long an answer is kept. */
const FAILURE_AGE = 1_000;

/** A read that all who ask at about the same time share: however many there are, it is done once in so many milliseconds. */
export class SharedRead<T> {
  private last?: Promise<T>;
  private readAt = -Infinity;

  constructor(
    private readonly read: () => Promise<T>,
    private readonly age: number,
  ) {}

  get(): Promise<T> {
    if (this.last && performance.now() - this.readAt < this.age) return this.last;
    const reading = this.read();
    this.last = reading;
    // The age counts from when the answer is there: a slow read is not begun twice.
    this.readAt = Infinity;
    void reading.then(
      () => (this.readAt = performance.now()),
      () => (this.readAt = performance.now() - this.age + Math.min(this.age, FAILURE_AGE)),
    );
    return reading;
  }
}
