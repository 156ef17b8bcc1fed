import { Inject, Injectable } from '@nestjs/common';
import { QueueRegistry } from '../engine/redis/queue.registry.js';
import { RedisConnections } from '../engine/redis/connection/redis.connections.js';
import { JobCancelledError } from '../contract/errors/outcome.errors.js';
import { formatFailure } from '../engine/failure.js';
import type { CancelOutcome } from '../contract/job-info.js';
import type { JobRef } from '../contract/job-ref.js';
import { cancelMember } from '../engine/redis/cancel-requests.js';
import { cancelsKey } from '../engine/redis/keys.js';
import { JobEvents } from '../observability/job-event.stream.js';
import { EVENT_STREAM_LENGTH } from '../contract/defaults.js';
import { Retention } from '../retention/retention.service.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import { CANCEL } from '../engine/redis/scripts/cancel.scripts.js';
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
    private readonly queues: QueueRegistry,
    private readonly connections: RedisConnections,
    private readonly events: JobEvents,
    private readonly retention: Retention,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  async cancel(ref: JobRef): Promise<CancelOutcome> {
    const parts = refParts(ref);
    return this.turns.take(() => this.end(parts));
  }

  private end(parts: RefParts): Promise<CancelOutcome> {
    const { id } = parts;
    return this.reader.bounded(async () => {
      const entry = await this.reader.locate(parts);
      if (!entry) return 'not-found';
      const queue = this.queues.get(entry.queue);
      const { storedId } = entry;
      const outcome = await this.connections.producer.eval(
        CANCEL,
        2,
        queue.toKey(storedId),
        cancelsKey(this.options.prefix),
        queue.toKey(''),
        storedId,
        Date.now(),
        reasonFor(id),
        cancelMember(entry.queue, storedId),
        EVENT_STREAM_LENGTH,
      );
      if (outcome === 'cancelled') {
        const { name, queue: from } = entry;
        this.events.emit('cancelled', () => ({ id, name, queue: from, was: 'waiting' }));
        this.retention.note(from);
      }
      return outcome as CancelOutcome;
    });
  }
}

export function reasonFor(id: string): string {
  const { name, message, code } = new JobCancelledError(id);
  return formatFailure('cancelled', { name, message, code });
}
