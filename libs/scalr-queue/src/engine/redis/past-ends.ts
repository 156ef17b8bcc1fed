import { Inject, Injectable } from '@nestjs/common';
import { endedKey } from './keys.js';
import { FIND_END } from './scripts/find-end.script.js';
import { QueueRegistry } from './queue.registry.js';
import { RedisConnections } from './connection/redis.connections.js';
import type { ResolvedOptions } from '../../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../../config/tokens.js';
import type { Place } from '../found-job.js';
import type { JobEnd } from '../job-end.js';

/** Entries of an event stream that one script looks at; results are among them. */
const ENTRIES_PER_SLICE = 50;
const MAX_SLICES = 40;
/** Where it is not known in which queue a job was, no more streams than that are read. */
const MAX_QUEUES = 20;

/** How jobs ended that are not kept, as long as the event stream of their queue has it. */
@Injectable()
export class PastEnds {
  constructor(
    private readonly connections: RedisConnections,
    private readonly queues: QueueRegistry,
    @Inject(RESOLVED_OPTIONS) private readonly app: ResolvedOptions,
  ) {}

  /** @param places where the job may have been */
  async find(places: readonly Place[]): Promise<JobEnd | undefined> {
    const queues = [...new Set(places.map(({ queue }) => queue))];
    if (queues.length > MAX_QUEUES) return undefined;
    for (const queue of queues) {
      const ids = places.filter((place) => place.queue === queue).map(({ storedId }) => storedId);
      const end = await this.findIn(queue, ids);
      if (end) return end;
    }
    return undefined;
  }

  /** Whether one of these ids is remembered: its job has ended, a while ago at the most (`keep.ids`). */
  async remembers(places: readonly Place[]): Promise<boolean> {
    const keys = [...new Set(places.map(({ storedId }) => endedKey(this.app.prefix, storedId)))];
    return keys.length > 0 && (await this.connections.producer.exists(...keys)) > 0;
  }

  private async findIn(queue: string, storedIds: readonly string[]): Promise<JobEnd | undefined> {
    const stream = this.queues.get(queue).toKey('events');
    let from = '+';
    for (let slice = 0; slice < MAX_SLICES; slice++) {
      const reply = await this.connections.producer.eval(
        FIND_END,
        1,
        stream,
        from,
        ENTRIES_PER_SLICE,
        ...storedIds,
      );
      const [event, value] = reply as string[];
      if (event === undefined) return undefined;
      if (event === 'completed') return { result: parse(value) };
      if (event === 'failed') return { failedReason: value ?? '' };
      from = event;
    }
    return undefined;
  }
}

/** What the engine stores of a result is JSON. */
function parse(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? 'null') as unknown;
  } catch {
    return null;
  }
}
