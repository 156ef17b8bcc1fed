import type { HealthReport } from './health.report.js';

/** How far a worker process is in its life. */
export type WorkerPhase = 'starting' | 'running' | 'draining';

/** What a worker that has booted says of itself. */
export interface BootedWorker {
  readonly report: HealthReport;
  readonly accepting: () => boolean;
  readonly running: () => number;
  readonly queues: () => readonly string[];
}

/** What the health server knows of the worker: it starts before the worker does and outlives it. */
export class WorkerState {
  private current: WorkerPhase = 'starting';
  private booted?: BootedWorker;

  get phase(): WorkerPhase {
    return this.current;
  }

  /** Undefined until it has booted. */
  get worker(): BootedWorker | undefined {
    return this.booted;
  }

  /** The worker has booted and begins to take jobs. */
  begin(worker: BootedWorker): void {
    this.booted = worker;
    this.current = 'running';
  }

  /** It takes no more jobs, or never will. */
  drain(): void {
    this.current = 'draining';
  }
}
