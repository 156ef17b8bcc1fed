import { Inject, Injectable } from '@nestjs/common';
import { QueueRegistry } from '../connection/queue.registry.js';
import { RedisConnections } from '../connection/redis.connections.js';
import { JobCancelledError } from '../errors/outcome.errors.js';
import { formatFailure } from '../jobs/failure.js';
import { toStoredId } from '../jobs/job-id.js';
import type { CancelOutcome } from '../jobs/job-info.js';
import type { JobRef } from '../jobs/job-ref.js';
import { cancelMember, cancelsKey } from '../connection/cancel-requests.js';
import { JobEvents } from '../observability/job-event.stream.js';
import { EVENT_STREAM_LENGTH } from '../options/defaults.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { RESOLVED_OPTIONS } from '../options/tokens.js';
import { JobReader, refParts } from './job.reader.js';

/**
 * The engine can remove a waiting job but not end it, and can stop a running one only in its own process. This script ends a
 * waiting job in one step, as the engine ends a failed one; for a running one it leaves a request to the worker that has
 * it, and the engine's own mark (`defa`) that makes it fail the job instead of running it again.
 */
const CANCEL = `
local job, wait, prioritized, delayed, completed, failed, events, requests = unpack(KEYS)
local id, now, reason, prefix, member, maxEvents = unpack(ARGV)
if redis.call('EXISTS', job) == 0 then return 'not-found' end
if redis.call('ZSCORE', completed, id) or redis.call('ZSCORE', failed, id) then return 'finished' end
local removed = redis.call('ZREM', delayed, id)
if removed == 0 then removed = redis.call('ZREM', prioritized, id) end
if removed == 0 then removed = redis.call('LREM', wait, 1, id) end
if removed == 0 then
  redis.call('HSET', job, 'defa', reason)
  redis.call('ZADD', requests, now, member)
  return 'cancelling'
end
redis.call('HSET', job, 'failedReason', reason, 'finishedOn', now)
redis.call('ZADD', failed, now, id)
local unique = redis.call('HGET', job, 'deid')
if unique then
  local key = prefix .. 'de:' .. unique
  if redis.call('PTTL', key) == -1 and redis.call('GET', key) == id then redis.call('DEL', key) end
end
redis.call('XADD', events, 'MAXLEN', '~', maxEvents, '*', 'event', 'failed', 'jobId', id, 'failedReason', reason, 'prev', 'waiting')
return 'cancelled'
`;

/** Ends jobs before their time. */
@Injectable()
export class JobCanceller {
  constructor(
    private readonly reader: JobReader,
    private readonly queues: QueueRegistry,
    private readonly connections: RedisConnections,
    private readonly events: JobEvents,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  async cancel(ref: JobRef): Promise<CancelOutcome> {
    const { id, name } = refParts(ref);
    return this.reader.bounded(async () => {
      const entry = await this.reader.locate(id, name);
      if (!entry) return 'not-found';
      const queue = this.queues.get(entry.queue);
      const storedId = toStoredId(entry.name, id);
      const keys = ['wait', 'prioritized', 'delayed', 'completed', 'failed', 'events'].map((type) =>
        queue.toKey(type),
      );
      const outcome = await this.connections.producer.eval(
        CANCEL,
        keys.length + 2,
        queue.toKey(storedId),
        ...keys,
        cancelsKey(this.options.prefix),
        storedId,
        Date.now(),
        reasonFor(id),
        queue.toKey(''),
        cancelMember(entry.queue, storedId),
        EVENT_STREAM_LENGTH,
      );
      if (outcome === 'cancelled') {
        const { name: job, queue: from } = entry;
        this.events.emit('cancelled', () => ({ id, name: job, queue: from, was: 'waiting' }));
      }
      return outcome as CancelOutcome;
    });
  }
}

export function reasonFor(id: string): string {
  const { name, message, code } = new JobCancelledError(id);
  return formatFailure('cancelled', { name, message, code });
}
