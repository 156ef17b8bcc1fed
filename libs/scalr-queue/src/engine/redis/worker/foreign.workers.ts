import { type Job, Worker, type WorkerOptions } from 'bullmq';

type Processor = (job: Job, token?: string, signal?: AbortSignal) => Promise<unknown>;

/**
 * Workers of `@Processor` classes whose queue is none of this app (a `configKey` of their own): plain workers of the engine,
 * under their own connection and settings. Only their end is ours: they take no more jobs at a shutdown, and their running jobs
 * have the same time as all others.
 */
export class ForeignWorkers {
  private readonly workers: Worker[] = [];
  private inHand = 0;

  /** Jobs that run in them. */
  get running(): number {
    return this.inHand;
  }

  create(queue: string, processor: Processor, options: WorkerOptions): Worker {
    const run = async (job: () => Promise<unknown>) => {
      this.inHand++;
      try {
        return await job();
      } finally {
        this.inHand--;
      }
    };
    // Upstream: BullMQ hands over a signal only to functions that declare three parameters.
    const counted: Processor =
      processor.length < 3
        ? (job, token) => run(() => processor(job, token))
        : (job, token, signal) => run(() => processor(job, token, signal));
    const worker = new Worker(queue, counted, options);
    this.workers.push(worker);
    return worker;
  }

  /** Stops taking jobs; resolves when the running ones have ended. */
  async close(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.close()));
  }

  /** Whoever else closes one need not wait for it. */
  leave(): void {
    for (const worker of this.workers) worker.close = () => Promise.resolve();
  }
}
