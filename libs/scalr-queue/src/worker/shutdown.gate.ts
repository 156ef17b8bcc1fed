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
export interface ShutdownLedger {
  finished: number;
  handedBack: number;
  /** Neither finished nor handed back: they run again when their lock has expired. */
  abandoned: number;
}

/** Tells everything that runs jobs how far the shutdown is, and counts what becomes of the jobs. */
@Injectable()
export class ShutdownGate {
  readonly ledger: ShutdownLedger = { finished: 0, handedBack: 0, abandoned: 0 };
  private readonly drainController = new AbortController();
  private readonly patienceController = new AbortController();
  private readonly ended = new WeakSet<object>();
  private readonly abandoned = new WeakSet<object>();

  constructor() {
    // Every running job listens.
    setMaxListeners(0, this.drainSignal, this.patience);
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

  /** Aborts when running jobs have no more time. */
  get patience(): AbortSignal {
    return this.patienceController.signal;
  }

  endPatience(): void {
    this.patienceController.abort(new WorkerShutdownError());
  }

  /** A run has ended by itself: of account while the shutdown waits for it. */
  end(job: object): void {
    if (!this.draining || this.patience.aborted) return;
    this.ended.add(job);
    this.ledger.finished++;
  }

  /** What became of a job is not in Redis, so far. */
  abandon(job: object): void {
    if (this.abandoned.has(job)) return;
    this.abandoned.add(job);
    this.ledger.abandoned++;
    if (this.ended.delete(job)) this.ledger.finished--;
  }

  /** An abandoned job is back in its queue. */
  handBack(job: object): void {
    if (this.abandoned.delete(job)) this.ledger.abandoned--;
    this.ledger.handedBack++;
  }
}
