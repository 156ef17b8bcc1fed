import type { EnqueuedJob } from '../contract/enqueue-options.js';
import { fromStoredId } from '../engine/job-id.js';
import type { PreparedJob } from '../engine/prepared-job.js';
import type { ContestedAdd } from '../engine/queue.engine.js';

/** What the caller is told of a job. @param added what became of it, where it may not have been created */
export function outcomeOf({ id, name, queue }: PreparedJob, added?: ContestedAdd): EnqueuedJob {
  if (!added) return { id, name, queue, status: 'created' };
  return { id: fromStoredId(added.storedId), name, queue: added.former ?? queue, status: added.status };
}
