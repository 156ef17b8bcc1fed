export { runWorker, type RunningWorker, type RunWorkerOptions } from './worker/run-worker.js';
