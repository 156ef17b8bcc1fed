import { Injectable, Optional } from '@nestjs/common';
import type { JobType, Queue } from 'bullmq';
import { QueueConfigError } from '../../contract/errors/configuration.errors.js';
import { QueueRegistry } from './queue.registry.js';
import { type ReadExtent, type StoredFields, StoredJobReader } from './stored-job.reader.js';

/** What a board shows of a queue, read as the engine stores it: bull-board is made for its queues. */
export class BoardSource {
  constructor(
    /** What the adapter of bull-board counts with. */
    readonly engineQueue: object,
    private readonly reader: StoredJobReader,
  ) {}

  get name(): string {
    return this.queue.name;
  }

  /** Ids of the jobs in these states, newest first, in a range of both ends included. @param states in the words of the engine */
  idsOf(states: readonly string[], start: number, end: number): Promise<string[]> {
    return this.queue.getRanges(states as JobType[], start, end, false);
  }

  /** The jobs of these ids, a few at a time. @param listed the ids stand in lists, also where the data of a job is gone */
  read(ids: readonly string[], extent: ReadExtent, listed: boolean): AsyncGenerator<StoredFields[]> {
    return this.reader.read(this.queue, ids, extent, listed);
  }

  private get queue(): Queue {
    return this.engineQueue as Queue;
  }
}

/** The sources of all boards. */
@Injectable()
export class BoardSources {
  constructor(@Optional() private readonly registry?: QueueRegistry) {}

  /** @throws QueueConfigError when the app has no queues in Redis, as with the test queue */
  of(queue: string): BoardSource {
    const { registry } = this;
    if (!registry)
      throw new QueueConfigError('the dashboard shows queues in Redis, which the test queue is without');
    return new BoardSource(registry.get(queue), new StoredJobReader(registry.connections));
  }
}
