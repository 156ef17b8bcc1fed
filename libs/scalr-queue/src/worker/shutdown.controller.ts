import { Injectable } from '@nestjs/common';
import { setMaxListeners } from 'node:events';

/** The reason of a `ctx.signal` that aborts because the worker must go: the job runs again elsewhere. */
class WorkerShutdownError extends Error {
  override readonly name = 'WorkerShutdownError';

  constructor() {
    super('the worker is shutting down and its time is up; the job goes back to its queue');
  }
}

/** What became of the jobs that ran when the shutdown began. */
export interface ShutdownSummary {
  finished: number;
  released: number;
  /** Neither finished nor released: they run again when their lock has expired. */
  abandoned: number;
}

/** Coordinates shutdown: two abort signals (drain, force) and the counts of the final log line. */
@Injectable()
export class ShutdownController {
  readonly summary: ShutdownSummary = { finished: 0, released: 0, abandoned: 0 };
  private readonly drainController = new AbortController();
  private readonly forceController = new AbortController();
  private readonly finished = new WeakSet<object>();
  private readonly abandoned = new WeakSet<object>();
  private readonly released = new WeakSet<object>();

  constructor() {
    // Every running job listens.
    setMaxListeners(0, this.drainSignal, this.forceSignal);
  }

  /** From here on no job may start. */
  drain(): void {
    this.drainController.abort();
  }

  get draining(): boolean {
    return this.drainSignal.aborted;
  }

  /** Aborts when the shutdown begins. */
  get drainSignal(): AbortSignal {
    return this.drainController.signal;
  }

  /** The grace period is over: running jobs have no more time. */
  force(): void {
    this.forceController.abort(new WorkerShutdownError());
  }

  /** Aborts when the grace period is over. */
  get forceSignal(): AbortSignal {
    return this.forceController.signal;
  }

  /** A run has ended; it counts as finished while the shutdown waits for it. */
  countEnd(job: object): void {
    if (!this.draining || this.forceSignal.aborted || this.released.has(job)) return;
    this.finished.add(job);
    this.summary.finished++;
  }

  /** What became of a job is not stored, so far. */
  countAbandoned(job: object): void {
    if (this.abandoned.has(job)) return;
    this.abandoned.add(job);
    this.summary.abandoned++;
    if (this.finished.delete(job)) this.summary.finished--;
  }

  /** A job that counts as abandoned is back in its queue. */
  countReleased(job: object): void {
    if (this.abandoned.delete(job)) this.summary.abandoned--;
    this.released.add(job);
    this.summary.released++;
  }
}
