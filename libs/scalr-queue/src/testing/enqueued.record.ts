import type { InputOf, AnyJobDefinition } from '../contract/job-definition.js';
import { fromStoredId } from '../engine/job-id.js';
import { readMeta } from '../engine/job-meta.js';
import type { MemoryJob } from '../engine/memory/memory.job.js';

/** A job as the code under test enqueued it. */
export interface EnqueuedRecord<D extends AnyJobDefinition = AnyJobDefinition> {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  /** As it was stored: JSON. */
  readonly payload: InputOf<D>;
  readonly priority: number;
  /** Milliseconds between the enqueue and the earliest start. */
  readonly delay: number;
  /** Earliest start. */
  readonly runAt: Date;
  readonly enqueuedAt: Date;
}

/** @internal */
export function recordOf<D extends AnyJobDefinition>(job: MemoryJob): EnqueuedRecord<D> {
  const delay = job.opts.delay ?? 0;
  return {
    id: fromStoredId(job.id),
    name: job.name,
    queue: job.queueName,
    payload: readMeta(job.opts).void ? undefined : job.data,
    priority: job.opts.priority ?? 0,
    delay,
    runAt: new Date(job.timestamp + delay),
    enqueuedAt: new Date(job.timestamp),
  };
}
