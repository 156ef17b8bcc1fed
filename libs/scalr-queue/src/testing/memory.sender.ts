import type { BacklogGuard } from '../engine/redis/backlog.guard.js';
import { OutcomeUnknownError } from '../contract/errors/enqueue.errors.js';
import { fromStoredId } from '../engine/job-id.js';
import type { EnqueuedJob } from '../contract/enqueue-options.js';
import type { JobEvents } from '../observability/job-event.stream.js';
import type { PreparedJob } from '../engine/prepared-job.js';
import type { MemoryEngine } from './memory.engine.js';
import type { EnqueueLog } from './enqueue.log.js';

/** Brings prepared jobs into memory. */
export class MemorySender {
  constructor(
    private readonly engine: MemoryEngine,
    private readonly log: EnqueueLog,
    private readonly backlog: BacklogGuard,
    private readonly events: JobEvents,
  ) {}

  async send(job: PreparedJob, signal?: AbortSignal): Promise<EnqueuedJob> {
    const [enqueued] = await this.sendMany([job], signal);
    return enqueued!;
  }

  async sendMany(jobs: readonly PreparedJob[], signal?: AbortSignal): Promise<EnqueuedJob[]> {
    const [first] = jobs;
    if (!first) return [];
    signal?.throwIfAborted();
    this.engine.admit();
    if (this.engine.fault === 'hang-lost') throw inDoubt(jobs);
    await this.backlog.admit(first.queue, jobs.length);
    signal?.throwIfAborted();
    const enqueued = jobs.map((job) => this.add(job));
    if (this.engine.fault === 'hang-stored') throw inDoubt(jobs);
    for (const job of enqueued) this.events.emit('enqueued', () => job);
    await this.engine.afterEnqueue();
    return enqueued;
  }

  private add(prepared: PreparedJob): EnqueuedJob {
    const { job, stored, status } = this.engine.get(prepared.queue).add(prepared);
    if (stored) this.log.add(stored);
    return { id: fromStoredId(job.id), name: prepared.name, queue: prepared.queue, status };
  }
}

function inDoubt(jobs: readonly PreparedJob[]): OutcomeUnknownError {
  const what = jobs.length === 1 ? `job ${jobs[0]!.id}` : `${jobs.length} jobs, the first is ${jobs[0]!.id}`;
  return new OutcomeUnknownError(
    `no answer from Redis for ${what} (simulated by the test): it may or may not be enqueued. Enqueue again with the same id to be sure; that makes one job.`,
    jobs.map(({ id }) => id),
  );
}
