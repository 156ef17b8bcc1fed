import type { DeadPosition, WrittenDeath } from '../engine/dead-position.js';
import { firstOf } from '../engine/first-of.js';
import { Injectable } from '@nestjs/common';
import { QueueEngine } from '../engine/queue.engine.js';
import { JobReader } from '../inspection/job.reader.js';
import { compare } from './dead-letter.cursor.js';
import { DeadLetterFeed, type ReadDead } from './dead-letter.feed.js';
import { type CheckedFilter, matchesFailure, needsReading } from './dead-letter.filter.js';

/** Jobs read in one round trip. */
const SLICE = 500;

/** A part of the list, and which of it match. */
export interface Scanned {
  readonly positions: readonly DeadPosition[];
  readonly matches: readonly DeadPosition[];
}

/** A dead job with what is written down about its end. */
export interface ReadDeath {
  readonly position: DeadPosition;
  readonly death: WrittenDeath;
}

/**
 * Goes through the dead jobs of several queues, newest first, in slices: however many there are, no call holds Redis or this
 * process up, and none is missed or seen twice when others die or are retried meanwhile.
 */
@Injectable()
export class DeadLetterScanner {
  constructor(
    private readonly engine: QueueEngine,
    private readonly reader: JobReader,
  ) {}

  async count(filter: CheckedFilter): Promise<number> {
    let count = 0;
    if (filter.idPrefix === undefined && !needsReading(filter)) {
      const queues = await this.queuesOf(filter);
      const counts = await this.reader.bounded(() =>
        Promise.all(queues.map((queue) => this.engine.deadLetters.count(queue, filter.from, filter.to))),
      );
      for (const each of counts) count += each;
      return count;
    }
    for await (const { matches } of this.scan(filter)) count += matches.length;
    return count;
  }

  async *scan(filter: CheckedFilter, after?: DeadPosition): AsyncGenerator<Scanned> {
    for await (const positions of this.slices(filter, after)) {
      const named = positions.filter((position) => isNamed(position, filter));
      const matches = needsReading(filter)
        ? (await this.read(named, filter)).map(({ position }) => position)
        : named;
      yield { positions, matches };
    }
  }

  /** Those that match, with what is written down about their ends. */
  async *deaths(filter: CheckedFilter): AsyncGenerator<readonly ReadDeath[]> {
    for await (const positions of this.slices(filter)) {
      const named = positions.filter((position) => isNamed(position, filter));
      yield await this.read(named, filter);
    }
  }

  private async *slices(filter: CheckedFilter, after?: DeadPosition): AsyncGenerator<DeadPosition[]> {
    const feeds = (await this.queuesOf(filter)).map(
      (queue) => new DeadLetterFeed(this.readerOf(queue, filter), SLICE, filter.to, after),
    );
    let part: DeadPosition[] = [];
    for (;;) {
      await Promise.all(feeds.filter((feed) => feed.needsFilling).map((feed) => feed.fill()));
      // As long as no feed runs dry, the next one of all is known.
      while (!feeds.some((feed) => feed.needsFilling) && part.length < SLICE) {
        const next = firstOf(feeds, ({ head }) => head, compare);
        if (!next) break;
        part.push(next.take());
      }
      const isEnd = feeds.every((feed) => !feed.needsFilling && !feed.head);
      if (part.length === SLICE || (isEnd && part.length > 0)) {
        yield part;
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
    const entries = await this.reader.bounded(() => this.engine.types.entries());
    return [...new Set([...entries.map((entry) => entry.queue), ...this.engine.queues.names()])].toSorted();
  }

  private readerOf(queue: string, { from }: CheckedFilter): ReadDead {
    return (newest, offset, limit) =>
      this.reader.bounded(() => this.engine.deadLetters.page(queue, from, newest, offset, limit));
  }

  private async read(positions: readonly DeadPosition[], filter: CheckedFilter): Promise<ReadDeath[]> {
    if (positions.length === 0) return [];
    const deaths = await this.reader.bounded(() => this.engine.deadLetters.deathsOf(positions));
    return positions.flatMap((position, index) => {
      const death = deaths[index];
      return death !== undefined && matchesFailure(filter, death) ? [{ position, death }] : [];
    });
  }
}

function isNamed({ storedId }: DeadPosition, { idPrefix }: CheckedFilter): boolean {
  return idPrefix === undefined || storedId.startsWith(idPrefix);
}
