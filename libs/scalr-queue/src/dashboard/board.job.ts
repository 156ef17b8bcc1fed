import type { QueueJob, QueueJobJson } from '@bull-board/api/typings/app';
import { BoardError } from './board.error.js';
import type { JobActions } from './job.actions.js';
import type { StoredFields } from '../engine/redis/stored-job.reader.js';

type JobState = Awaited<ReturnType<QueueJob['getState']>>;

/** A job as bull-board handles it: what may be shown of it, and what may be done to it. */
export class BoardJob implements QueueJob {
  readonly opts: QueueJob['opts'] = {};

  constructor(
    private readonly queue: string,
    private readonly stored: StoredFields,
    private readonly shown: QueueJobJson,
    private readonly actions: JobActions,
  ) {}

  toJSON(): QueueJobJson {
    return this.shown;
  }

  async getState(): Promise<JobState> {
    return (await this.actions.stateOf(this.queue, this.stored)) as JobState;
  }

  retry(state = 'failed'): Promise<void> {
    if (state !== 'failed') throw new BoardError(405, 'JOB_NOT_RETRIABLE');
    return this.actions.retry(this.queue, this.stored);
  }

  remove(): Promise<void> {
    return this.actions.remove(this.queue, this.stored);
  }

  promote(): Promise<void> {
    return this.actions.promote(this.queue, this.stored);
  }
}
