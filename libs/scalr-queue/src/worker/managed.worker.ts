import { type Job, WaitingError, Worker, type WorkerOptions } from 'bullmq';
import type { ShutdownGate } from './shutdown.gate.js';

/** Runs one job; the signal aborts when it must stop. */
export type ManagedProcessor = (
  job: Job,
  token: string | undefined,
  signal: AbortSignal | undefined,
) => Promise<unknown>;

/**
 * The engine's worker under our rules: it starts when told, and at the end of a shutdown gives its jobs back to the queue
 * instead of leaving them to be found after the lock has expired.
 */
export class ManagedWorker extends Worker {
  private readonly inHand = new Set<string>();

  constructor(queue: string, processor: ManagedProcessor, options: WorkerOptions, gate: ShutdownGate) {
    // The engine hands over a signal only to functions that declare three parameters.
    const guarded = (job: Job, token?: string, signal?: AbortSignal) =>
      this.guard(job, token, signal, processor, gate);
    super(queue, guarded, { ...options, autorun: false });
  }

  /** Jobs that run in this worker at this moment. */
  get runningCount(): number {
    return this.inHand.size;
  }

  private async guard(
    job: Job,
    token: string | undefined,
    signal: AbortSignal | undefined,
    processor: ManagedProcessor,
    gate: ShutdownGate,
  ): Promise<unknown> {
    // Fetched with the completion of another job just before the shutdown began.
    if (gate.draining) return this.handBack(job, token, gate);
    const id = job.id ?? '';
    this.inHand.add(id);
    let onEnd: () => void = () => undefined;
    const outOfPatience = new Promise<'handed-back'>((resolve) => {
      onEnd = () => resolve('handed-back');
      gate.patience.addEventListener('abort', onEnd, { once: true });
    });
    try {
      const run = processor(job, token, signal);
      run.catch(() => undefined);
      const outcome = await Promise.race([run.then((value) => ({ value })), outOfPatience]);
      if (outcome === 'handed-back') {
        this.cancelJob(id, 'the worker is shutting down');
        return await this.handBack(job, token, gate);
      }
      return outcome.value;
    } finally {
      gate.patience.removeEventListener('abort', onEnd);
      this.inHand.delete(id);
      if (gate.draining && !gate.patience.aborted) gate.ledger.finished++;
    }
  }

  /** To the front of the queue, with no attempt used. */
  private async handBack(job: Job, token: string | undefined, gate: ShutdownGate): Promise<never> {
    gate.ledger.abandoned++;
    await job.moveToWait(token);
    gate.ledger.abandoned--;
    gate.ledger.handedBack++;
    throw new WaitingError();
  }
}
