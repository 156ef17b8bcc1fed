import type { Worker } from 'bullmq';
import type { WorkerHooks } from '../../engine-worker.js';
import { nameOfStoredId } from '../../job-id.js';
import type { JobCounts } from './job.counts.js';
import { isPing } from './pong.js';

/** Tells the hooks what the engine says of the jobs of a worker; pings are nobody's. */
export function tellHooks(worker: Worker, hooks: WorkerHooks, counts: JobCounts): void {
  worker.on('completed', (job) => {
    if (!isPing(job)) hooks.completed(job);
  });
  worker.on('failed', (job, error) => {
    if (job && !isPing(job)) hooks.failed(job, error);
  });
  worker.on('stalled', (storedId) => {
    if (isPing({ name: nameOfStoredId(storedId) ?? '' })) return;
    counts.countStall(worker.name);
    hooks.stalled(worker.name, storedId);
  });
}
