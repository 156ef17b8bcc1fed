import type { HealthReport } from './health.report.js';

/** How far a worker process is in its life. */
export type WorkerPhase = 'starting' | 'running' | 'draining';

/** What the health server knows of the worker: it starts before the worker does and outlives it. */
export class WorkerState {
  phase: WorkerPhase = 'starting';
  /** Set when the worker has booted. */
  worker?: {
    readonly report: HealthReport;
    readonly accepting: () => boolean;
    readonly running: () => number;
    readonly queues: () => readonly string[];
  };
}
