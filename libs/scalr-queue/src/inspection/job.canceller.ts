import { Inject, Injectable } from '@nestjs/common';
import { QueueEngine } from '../engine/queue.engine.js';
import { QueueUnavailableError } from '../contract/errors/enqueue.errors.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import { cancelledFailure } from '../engine/failure.js';
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
    @Inject(RESOLVED_OPTIONS) private readonly app: Pick<ResolvedOptions, 'app' | 'outbox'>,
  ) {}

  async cancel(ref: JobRef): Promise<CancelOutcome> {
    const parts = refParts(ref);
    return this.turns.take(() => (this.app.outbox ? this.endRecorded(parts) : this.end(parts)));
  }

  /** Of an app with an outbox: Redis may not have heard of the job, or be down. */
  private async endRecorded(parts: RefParts): Promise<CancelOutcome> {
    let trouble: unknown;
    const outcome = await this.end(parts).catch((error: unknown) => {
      if (!(error instanceof QueueUnavailableError)) throw error;
      trouble = error;
    });
    if (outcome !== undefined && outcome !== 'not-found') return outcome;
    const { app, outbox } = this.app;
    if (await outbox?.cancel(app, parts)) return 'cancelling';
    if (trouble) throw trouble;
    // It may have been sent between the two looks.
    return this.end(parts);
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
    const outcome = await this.engine.jobs.cancel(place, cancelledFailure(id));
    if (outcome === 'cancelled') {
      this.events.emit('cancelled', () => ({ id, name, queue, was: 'waiting' }));
      this.retention.note(queue);
    }
    return outcome;
  }
}
