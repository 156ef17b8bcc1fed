import { storedTags } from '../../contract/tags.js';
import type { DeadPosition, WrittenDeath } from '../dead-position.js';
import { readMeta } from '../job-meta.js';
import type { DeadLetterStore } from '../queue.engine.js';
import type { MemoryJob } from './memory.job.js';
import type { MemoryQueues } from './memory.queues.js';

/** The dead jobs of queues. */
export class MemoryDeadLetterStore implements DeadLetterStore {
  constructor(private readonly memory: MemoryQueues) {}

  async count(queue: string, from: number, to: number): Promise<number> {
    return this.between(queue, from, to).length;
  }

  async page(
    queue: string,
    from: number,
    to: number,
    offset: number,
    limit: number,
  ): Promise<DeadPosition[]> {
    return this.between(queue, from, to).slice(offset, offset + limit);
  }

  async deathsOf(positions: readonly DeadPosition[]): Promise<(WrittenDeath | undefined)[]> {
    return positions.map((position) => {
      const job = this.memory.get(position.queue).jobs.get(position.storedId);
      if (job?.failedReason === undefined) return undefined;
      const { name, failedReason, attemptsMade, opts } = job;
      const tags = storedTags(readMeta(opts).tags);
      const marks = tags.length > 0 ? { tags } : {};
      return { name, failedReason, attemptsMade, maxAttempts: opts.attempts ?? 1, ...marks };
    });
  }

  async failuresAt(
    looks: readonly { queue: string; from: number; to: number }[],
  ): Promise<{ queue: string; failedReason?: string }[]> {
    return looks.flatMap(({ queue, from, to }) =>
      this.between(queue, 0, Infinity)
        .slice(from, to + 1)
        .map(({ storedId }) => {
          const { failedReason } = this.memory.get(queue).jobs.get(storedId) ?? {};
          return { queue, ...(failedReason === undefined ? {} : { failedReason }) };
        }),
    );
  }

  async prepare(positions: readonly DeadPosition[]): Promise<(boolean | string)[]> {
    return positions.map((position) => {
      const job = this.dead(position);
      return job ? (this.memory.get(position.queue).holderOf(job) ?? true) : false;
    });
  }

  async retry(position: DeadPosition): Promise<boolean> {
    const job = this.dead(position);
    if (job) this.memory.get(position.queue).revive(job);
    return job !== undefined;
  }

  async delete(positions: readonly DeadPosition[]): Promise<boolean[]> {
    return positions.map((position) => {
      const job = this.dead(position);
      if (job) this.memory.get(position.queue).remove(job.id);
      return job !== undefined;
    });
  }

  async move(position: DeadPosition, target: string): Promise<boolean> {
    const job = this.dead(position);
    const { jobs } = this.memory.get(target);
    if (!job || jobs.has(job.id)) return false;
    this.memory.get(position.queue).jobs.delete(job.id);
    job.queueName = target;
    jobs.set(job.id, job);
    return true;
  }

  private between(queue: string, from: number, to: number): DeadPosition[] {
    return this.memory
      .get(queue)
      .in('failed')
      .map((job) => ({ queue, storedId: job.id, diedAt: job.finishedOn ?? 0 }))
      .filter(({ diedAt }) => diedAt >= from && diedAt <= to)
      .toSorted((a, b) => b.diedAt - a.diedAt || (a.storedId < b.storedId ? 1 : -1));
  }

  /** The job, where it is dead of that same death. */
  private dead({ queue, storedId, diedAt }: DeadPosition): MemoryJob | undefined {
    const job = this.memory.get(queue).jobs.get(storedId);
    return job?.state === 'failed' && job.finishedOn === diedAt ? job : undefined;
  }
}
