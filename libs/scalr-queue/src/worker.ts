export { runWorker, type RunningWorker, type RunWorkerOptions } from './worker/run-worker.js';
export type { BurstOptions } from './config/burst-options.js';
export type { BurstSummary } from './worker/burst.summary.js';
