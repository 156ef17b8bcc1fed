import type { ResolvedOptions } from '../../config/resolved-options.js';
import { DEFAULT_MAX_BACKLOG } from '../../contract/defaults.js';
import { QueueFullError } from '../../contract/errors/enqueue.errors.js';
import type { PreparedJob } from '../prepared-job.js';
import type { ContestedAdd, JobIntake } from '../queue.engine.js';
import type { ScheduleRecords } from '../schedule-records.js';
import type { MemoryJob } from './memory.job.js';
import type { MemoryQueues } from './memory.queues.js';

/** A command that was sent and that nobody answers. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/** Adding jobs. */
export class MemoryIntake implements JobIntake {
  constructor(
    private readonly memory: MemoryQueues,
    private readonly schedules: ScheduleRecords,
    private readonly app: Pick<ResolvedOptions, 'queues'>,
    private readonly onAdded?: (job: MemoryJob) => void,
  ) {}

  async admit(queue: string, jobs: number): Promise<void> {
    if (this.memory.fault === 'full')
      throw new QueueFullError(
        'Redis is out of memory and refuses writes (simulated by the test). Nothing was enqueued.',
      );
    const limit = this.app.queues.get(queue)?.maxBacklog ?? DEFAULT_MAX_BACKLOG;
    const { size } = this.memory.get(queue);
    if (size + jobs <= limit) return;
    throw new QueueFullError(
      `the queue "${queue}" holds ${size} jobs, its maxBacklog is ${limit}. Nothing was enqueued.`,
    );
  }

  async add(job: PreparedJob): Promise<void> {
    await this.addContested(job);
  }

  async addAll(jobs: readonly PreparedJob[]): Promise<(Error | undefined)[]> {
    const settled = await Promise.allSettled(jobs.map((job) => this.add(job)));
    return settled.map((one) => (one.status === 'rejected' ? (one.reason as Error) : undefined));
  }

  /** A job is added at once. */
  withdraw(): boolean {
    return false;
  }

  async addSlot(job: PreparedJob, schedule: string, slot: number): Promise<void> {
    await this.schedules.note(schedule, 'lastSlot', slot);
    this.memory.get(job.queue).add(job);
  }

  /** Jobs of former queues keep theirs: the kit runs one version of the app. */
  async addContested(prepared: PreparedJob): Promise<ContestedAdd> {
    if (this.memory.fault === 'hang-lost') throw new NoAnswer();
    const { job, stored, status } = this.memory.get(prepared.queue).add(prepared);
    if (stored) this.onAdded?.(stored);
    if (this.memory.fault === 'hang-stored') throw new NoAnswer();
    return { status, storedId: job.id };
  }
}
