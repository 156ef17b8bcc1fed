import type { KeyConflict } from '../dead-letter/dead-job.js';
import type { ActionOutcome } from '../dead-letter/dead-letter.actions.js';
import { compare } from '../dead-letter/dead-letter.cursor.js';
import type { DeadPosition } from '../engine/dead-position.js';
import { type CheckedFilter, matchesFailure } from '../dead-letter/dead-letter.filter.js';
import type { Scanned } from '../dead-letter/dead-letter.scanner.js';
import type { JobReader } from '../inspection/job.reader.js';
import { fromStoredId } from '../engine/job-id.js';
import type { MemoryEngine } from './memory.engine.js';
import type { MemoryJob } from './memory.job.js';

/** Goes through the dead jobs, newest first. */
export class MemoryDeadLetters {
  constructor(
    private readonly engine: MemoryEngine,
    private readonly reader: JobReader,
  ) {}

  async count(filter: CheckedFilter): Promise<number> {
    let count = 0;
    for await (const { matches } of this.scan(filter)) count += matches.length;
    return count;
  }

  async *scan(filter: CheckedFilter, after?: DeadPosition): AsyncGenerator<Scanned> {
    const { queue, from, to } = filter;
    const dead = await this.reader.bounded(async () => this.engine.in('failed'));
    const jobs = dead
      .filter((job) => (queue === undefined || job.queueName === queue) && diedAt(job) >= from)
      .filter((job) => diedAt(job) <= to && (!after || compare(positionOf(job), after) > 0))
      .toSorted((a, b) => compare(positionOf(a), positionOf(b)));
    const matches = jobs.filter(
      (job) =>
        (filter.idPrefix === undefined || job.id.startsWith(filter.idPrefix)) &&
        matchesFailure(filter, {
          failedReason: job.failedReason ?? '',
          attemptsMade: job.attemptsMade,
          maxAttempts: job.opts.attempts ?? 1,
        }),
    );
    if (jobs.length > 0) {
      const positions = new Map(jobs.map((job) => [job, positionOf(job)]));
      yield { positions: [...positions.values()], matches: matches.map((job) => positions.get(job)!) };
    }
  }
}

/** What can be done to dead jobs. */
export class MemoryDeadLetterActions {
  constructor(
    private readonly engine: MemoryEngine,
    private readonly reader: JobReader,
  ) {}

  async retry(positions: readonly DeadPosition[], dryRun = false): Promise<ActionOutcome> {
    return this.each(positions, (job) => {
      const queue = this.engine.get(job.queueName);
      const holder = queue.holderOf(job);
      if (holder !== undefined) {
        const { name, queueName } = job;
        return { id: fromStoredId(job.id), name, queue: queueName, holder: fromStoredId(holder) };
      }
      if (!dryRun) queue.revive(job);
      return !dryRun;
    });
  }

  async delete(positions: readonly DeadPosition[]): Promise<ActionOutcome> {
    return this.each(positions, (job) => {
      this.engine.get(job.queueName).remove(job.id);
      return true;
    });
  }

  private each(
    positions: readonly DeadPosition[],
    act: (job: MemoryJob) => boolean | KeyConflict,
  ): Promise<ActionOutcome> {
    return this.reader.bounded(async () => {
      const jobs = positions.map(({ queue, storedId }) => this.engine.get(queue).jobs.get(storedId));
      const dead = jobs.filter((job) => job?.state === 'failed') as MemoryJob[];
      const outcomes = dead.map(act);
      return {
        done: outcomes.filter((outcome) => outcome === true).length,
        conflicts: outcomes.filter((outcome) => typeof outcome === 'object'),
      };
    });
  }
}

const diedAt = (job: MemoryJob): number => job.finishedOn ?? 0;

function positionOf(job: MemoryJob): DeadPosition {
  return { diedAt: diedAt(job), queue: job.queueName, storedId: job.id };
}
