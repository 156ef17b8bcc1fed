import { Injectable } from '@nestjs/common';
import { QueueEngine } from '../engine/queue.engine.js';
import { JobCancelledError } from '../contract/errors/outcome.errors.js';
import { formatFailure } from '../engine/failure.js';
import type { CancelOutcome } from '../contract/job-info.js';
import type { JobPlace } from '../engine/found-job.js';
import { fromStoredId } from '../engine/job-id.js';
import type { JobRef } from '../contract/job-ref.js';
import { JobEvents } from '../observability/job-event.stream.js';
import { Retention } from '../retention/retention.service.js';
import { JobReader, type RefParts, refParts } from './job.reader.js';
import { Turns } from './turns.js';

/** Jobs ended together; thousands at once would all be too late. */
const AT_A_TIME = 50;

/** Ends jobs before their time. */
@Injectable()
export class JobCanceller {
  private readonly turns = new Turns(AT_A_TIME);

  constructor(
    private readonly reader: JobReader,
    private readonly engine: QueueEngine,
    private readonly events: JobEvents,
    private readonly retention: Retention,
  ) {}

  async cancel(ref: JobRef): Promise<CancelOutcome> {
    const parts = refParts(ref);
    return this.turns.take(() => this.end(parts));
  }

  private end(parts: RefParts): Promise<CancelOutcome> {
    return this.reader.bounded(async () => {
      const place = await this.reader.locate(parts);
      return place ? this.cancelAt(place) : 'not-found';
    });
  }

  /** The same for a job whose place is known. Rejects with the error of the engine. */
  async cancelAt(place: JobPlace): Promise<CancelOutcome> {
    const { name, queue, storedId } = place;
    const id = fromStoredId(storedId);
    const outcome = await this.engine.jobs.cancel(place, reasonFor(id));
    if (outcome === 'cancelled') {
      this.events.emit('cancelled', () => ({ id, name, queue, was: 'waiting' }));
      this.retention.note(queue);
    }
    return outcome;
  }
}

function reasonFor(id: string): string {
  const { name, message, code } = new JobCancelledError(id);
  return formatFailure('cancelled', { name, message, code });
}
