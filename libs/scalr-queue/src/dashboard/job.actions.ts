import { Injectable } from '@nestjs/common';
import { type ActCounts, AuditLog } from '../audit/audit.log.js';
import type { AuditAction } from '../contract/audit.js';
import { QueueEngine } from '../engine/queue.engine.js';
import { DeadLetterBatch } from '../dead-letter/dead-letter.batch.js';
import { JobReader } from '../inspection/job.reader.js';
import { JobsService } from '../inspection/jobs.service.js';
import { fromStoredId, nameOfStoredId } from '../engine/job-id.js';
import { BoardError } from './board.error.js';
import { DeadBatches } from './dead.batches.js';
import type { StoredFields } from '../engine/redis/stored-job.reader.js';

/** What the dashboard does to jobs: the same as the services do, so that a job keeps its rules and its history. */
@Injectable()
export class JobActions {
  constructor(
    private readonly dead: DeadLetterBatch,
    private readonly batches: DeadBatches,
    private readonly jobs: JobsService,
    private readonly reader: JobReader,
    private readonly engine: QueueEngine,
    private readonly audit: AuditLog,
  ) {}

  stateOf(queue: string, { id }: StoredFields): Promise<string> {
    return this.reader.bounded(() => this.engine.jobs.stateOf(queue, id));
  }

  /** @throws BoardError for a job that is not dead, or not any more */
  async retry(queue: string, job: StoredFields): Promise<void> {
    const { done } = await this.noted('dead.retry', { queue, ...idOf(job) }, () =>
      this.dead.retry([positionOf(queue, job)]),
    );
    if (done === 0) throw conflict(await this.stateOf(queue, job));
  }

  /** All dead jobs of a queue, as they are at the first click. */
  async retryAll(queue: string): Promise<{ retried: number; skipped: number; running?: true }> {
    const { done, running } = await this.batches.run('retry', queue);
    return { retried: done, skipped: 0, ...(running ? { running } : {}) };
  }

  /** All dead jobs of a queue, as they are at the first click. */
  async deleteAll(queue: string): Promise<void> {
    await this.batches.run('delete', queue);
  }

  /** A finished job is removed; another one is cancelled, so that who waits for it hears of it, and is then a dead one. */
  async remove(queue: string, job: StoredFields): Promise<void> {
    const state = await this.stateOf(queue, job);
    const name = nameOfStoredId(job.id);
    const what = { queue, ...idOf(job) };
    if (state === 'failed')
      await this.noted('dead.delete', what, () => this.dead.delete([positionOf(queue, job)]));
    else if (state !== 'completed' && name !== undefined)
      await this.jobs.cancel({ id: fromStoredId(job.id), name }, { via: 'console' });
    else if (state === 'active') throw new BoardError(409, 'JOB_IS_ACTIVE');
    else
      await this.noted('job.remove', what, () =>
        this.one(() => this.engine.jobs.remove({ queue, storedId: job.id })),
      );
  }

  /** @throws BoardError for a job that is not delayed */
  async promote(queue: string, job: StoredFields): Promise<void> {
    const state = await this.stateOf(queue, job);
    if (state !== 'delayed') throw conflict(state);
    await this.noted('job.promote', { queue, ...idOf(job) }, () =>
      this.one(() => this.engine.jobs.promote({ queue, storedId: job.id })),
    );
  }

  private async one(act: () => Promise<void>): Promise<{ readonly done: number }> {
    await this.reader.bounded(act);
    return { done: 1 };
  }

  /** With an entry in the audit of the app; whose login it was is in the log. */
  private noted<T extends ActCounts>(action: AuditAction, what: object, act: () => Promise<T>): Promise<T> {
    return this.audit.run({ action, what, options: { via: 'console' } }, act, ({ done }) => ({ done }));
  }
}

const idOf = ({ id }: StoredFields) => ({ id: fromStoredId(id) });

const positionOf = (queue: string, { id, finishedOn }: StoredFields) => ({
  queue,
  storedId: id,
  diedAt: Number(finishedOn ?? 0),
});

const conflict = (state: string) => new BoardError(409, 'JOB_NOT_RETRIABLE', `the job is ${state}`);
