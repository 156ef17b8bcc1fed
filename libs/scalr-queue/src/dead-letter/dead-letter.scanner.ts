import { Inject, Injectable } from '@nestjs/common';
import { isWrongType, orDamaged } from '../engine/redis/damaged-entries.js';
import { JobCatalog } from '../engine/redis/job.catalog.js';
import { QueueRegistry } from '../engine/redis/queue.registry.js';
import { RedisConnections } from '../engine/redis/connection/redis.connections.js';
import { queueKey } from '../engine/redis/keys.js';
import { JobReader } from '../inspection/job.reader.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import { compare, type Position } from './dead-letter.cursor.js';
import { DeadLetterFeed } from './dead-letter.feed.js';
import { type CheckedFilter, matchesFailure, needsReading, type WrittenDeath } from './dead-letter.filter.js';

/** Jobs read in one round trip. */
const SLICE = 500;

/** A part of the list, and which of it match. */
export interface Scanned {
  readonly positions: readonly Position[];
  readonly matches: readonly Position[];
}

/**
 * Goes through the dead jobs of several queues, newest first, in slices: however many there are, no call holds Redis or this
 * process up, and none is missed or seen twice when others die or are retried meanwhile.
 */
@Injectable()
export class DeadLetterScanner {
  constructor(
    private readonly connections: RedisConnections,
    private readonly registry: QueueRegistry,
    private readonly reader: JobReader,
    private readonly catalog: JobCatalog,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  async count(filter: CheckedFilter): Promise<number> {
    let count = 0;
    if (filter.idPrefix === undefined && !needsReading(filter)) {
      const max = filter.to === Infinity ? '+inf' : filter.to;
      const keys = (await this.queuesOf(filter)).map((queue) =>
        queueKey(this.options.prefix, queue, 'failed'),
      );
      const counts = await this.reader.bounded(() =>
        Promise.all(
          keys.map((key) => this.orNothing(key, this.connections.producer.zcount(key, filter.from, max), 0)),
        ),
      );
      for (const each of counts) count += each;
      return count;
    }
    for await (const { matches } of this.scan(filter)) count += matches.length;
    return count;
  }

  async *scan(filter: CheckedFilter, after?: Position): AsyncGenerator<Scanned> {
    const feeds = (await this.queuesOf(filter)).map(
      (queue) => new DeadLetterFeed(this.readerOf(queue, filter), SLICE, filter.to, after),
    );
    let part: Position[] = [];
    for (;;) {
      await Promise.all(feeds.filter((feed) => feed.needsFilling).map((feed) => feed.fill()));
      // As long as no feed runs dry, the next one of all is known.
      while (!feeds.some((feed) => feed.needsFilling) && part.length < SLICE) {
        const next = nearest(feeds);
        if (!next) break;
        part.push(next.take());
      }
      const isEnd = feeds.every((feed) => !feed.needsFilling && !feed.head);
      if (part.length === SLICE || (isEnd && part.length > 0)) {
        yield { positions: part, matches: await this.matching(part, filter) };
        part = [];
      }
      if (isEnd) return;
    }
  }

  /**
   * The queues to look into: the one that the filter names, or all that any process of the app has used. A queue that was only
   * asked for is not registered: it may be a typing mistake.
   */
  private async queuesOf({ queue }: CheckedFilter): Promise<string[]> {
    if (queue !== undefined) return [queue];
    const entries = await this.reader.bounded(() => this.catalog.entries());
    return [...new Set([...entries.map((entry) => entry.queue), ...this.registry.names()])].toSorted();
  }

  /** What is written down about the end of each job; undefined for one that is gone. */
  private async deathsOf(positions: readonly Position[]): Promise<(WrittenDeath | undefined)[]> {
    const replies = await this.reader.bounded(async () => {
      const pipeline = this.connections.producer.pipeline();
      for (const { queue, storedId } of positions) {
        pipeline.hmget(queueKey(this.options.prefix, queue, storedId), 'failedReason', 'atm', 'opts');
      }
      return pipeline.exec();
    });
    return (replies ?? []).map(([error, fields]) => {
      if (error && !isWrongType(error)) throw error;
      if (error) return { failedReason: '', attemptsMade: 0, maxAttempts: 1 };
      const [failedReason, made, opts] = fields as (string | null)[];
      if (typeof failedReason !== 'string') return undefined;
      return { failedReason, attemptsMade: Number(made ?? 0), maxAttempts: attemptsIn(opts) };
    });
  }

  private readerOf(queue: string, { from }: CheckedFilter) {
    const key = queueKey(this.options.prefix, queue, 'failed');
    return async (newest: number, offset: number, limit: number): Promise<Position[]> => {
      const max = newest === Infinity ? '+inf' : newest;
      const reply = await this.reader.bounded(() =>
        this.orNothing(
          key,
          this.connections.producer.zrevrangebyscore(key, max, from, 'WITHSCORES', 'LIMIT', offset, limit),
          [],
        ),
      );
      return toPositions(queue, reply);
    };
  }

  private orNothing<T>(key: string, reading: Promise<T>, nothing: T): Promise<T> {
    return orDamaged(reading, nothing, key, this.connections.damaged.note);
  }

  private async matching(positions: readonly Position[], filter: CheckedFilter): Promise<Position[]> {
    const { idPrefix } = filter;
    const named = positions.filter(({ storedId }) => idPrefix === undefined || storedId.startsWith(idPrefix));
    if (!needsReading(filter) || named.length === 0) return named;
    const deaths = await this.deathsOf(named);
    return named.filter((_position, index) => {
      const death = deaths[index];
      return death !== undefined && matchesFailure(filter, death);
    });
  }
}

/** Of the options that the engine stores with a job. */
function attemptsIn(opts: string | null | undefined): number {
  try {
    const { attempts } = JSON.parse(opts ?? '{}') as { attempts?: unknown };
    return typeof attempts === 'number' ? attempts : 1;
  } catch {
    return 1;
  }
}

function nearest(feeds: readonly DeadLetterFeed[]): DeadLetterFeed | undefined {
  let best: DeadLetterFeed | undefined;
  for (const feed of feeds) {
    if (feed.head && (!best?.head || compare(feed.head, best.head) < 0)) best = feed;
  }
  return best;
}

function toPositions(queue: string, reply: readonly unknown[]): Position[] {
  const flat = reply.flat();
  const positions: Position[] = [];
  for (let index = 0; index < flat.length; index += 2) {
    positions.push({ queue, storedId: String(flat[index]), diedAt: Number(flat[index + 1]) });
  }
  return positions;
}
