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
}
