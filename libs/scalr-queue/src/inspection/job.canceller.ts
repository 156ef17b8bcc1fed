import { Injectable } from '@nestjs/common';
import { QueueEngine } from '../engine/queue.engine.js';
import { JobCancelledError } from '../contract/errors/outcome.errors.js';
import { formatFailure } from '../engine/failure.js';
import type { CancelOutcome } from '../contract/job-info.js';
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
    const { id } = parts;
    return this.reader.bounded(async () => {
      const place = await this.reader.locate(parts);
      if (!place) return 'not-found';
      const outcome = await this.engine.jobs.cancel(place, reasonFor(id));
      if (outcome === 'cancelled') {
        const { name, queue } = place;
        this.events.emit('cancelled', () => ({ id, name, queue, was: 'waiting' }));
        this.retention.note(queue);
      }
      return outcome;
    });
  }
}

function reasonFor(id: string): string {
  const { name, message, code } = new JobCancelledError(id);
  return formatFailure('cancelled', { name, message, code });
}
