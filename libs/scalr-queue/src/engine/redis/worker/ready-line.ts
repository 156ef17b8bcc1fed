import type { Job } from 'bullmq';

/** Jobs that had no turn for so many milliseconds could run elsewhere. */
const LATE = 25;

interface Place {
  readonly job: Job;
  readonly at: number;
}

/** Jobs that a worker has taken and not started, in the order in which they were taken. */
export class ReadyLine {
  private readonly places: Place[] = [];
  private timer?: NodeJS.Timeout;

  /** @param late called when the first one has waited for too long */
  constructor(private readonly late: () => void) {}

  get length(): number {
    return this.places.length;
  }

  /** Their ids and tokens in turn. */
  get names(): string[] {
    return this.places.flatMap(({ job }) => [job.id ?? '', job.token ?? '']);
  }

  add(job: Job): void {
    this.places.push({ job, at: performance.now() });
  }

  /** The next one, and when it came (of `performance.now`). */
  shift(): Place | undefined {
    return this.places.shift();
  }

  /** All of them leave. */
  clear(): Job[] {
    return this.places.splice(0).map(({ job }) => job);
  }

  find(storedId: string): Job | undefined {
    return this.places.find(({ job }) => job.id === storedId)?.job;
  }

  drop(storedId: string): Job | undefined {
    const at = this.places.findIndex(({ job }) => job.id === storedId);
    return at < 0 ? undefined : this.places.splice(at, 1)[0]!.job;
  }

  /** From now on, for as long as there are any, it is seen to it that none waits for long. */
  watch(): void {
    if (this.places.length === 0) return;
    this.timer ??= setTimeout(() => {
      delete this.timer;
      const [first] = this.places;
      if (first && performance.now() - first.at >= LATE) this.late();
      this.watch();
    }, LATE).unref();
  }
}
