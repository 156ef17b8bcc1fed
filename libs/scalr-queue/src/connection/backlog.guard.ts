import { Inject, Injectable } from '@nestjs/common';
import { QueueFullError } from '../errors/enqueue.errors.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { RESOLVED_OPTIONS } from '../options/tokens.js';
import { QueueRegistry } from './queue.registry.js';
import { RedisConnections } from './redis.connections.js';

const CACHE = 250;

interface Backlog {
  size: number;
  readAt: number;
  reading?: Promise<void>;
}

/** Refuses jobs for a queue that holds as many as its `maxBacklog`; costs nothing where there is none. */
@Injectable()
export class BacklogGuard {
  private readonly backlogs = new Map<string, Backlog>();

  constructor(
    private readonly connections: RedisConnections,
    private readonly queues: QueueRegistry,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  /**
   * Counts `jobs` more, from a size read at most a quarter of a second ago.
   * @throws QueueFullError when they are too many
   */
  admit(queue: string, jobs: number): Promise<void> | undefined {
    const limit = this.options.queues.get(queue)?.maxBacklog;
    return limit === undefined ? undefined : this.count(queue, jobs, limit);
  }

  private async count(queue: string, jobs: number, limit: number): Promise<void> {
    const backlog = this.backlogs.get(queue) ?? { size: 0, readAt: -Infinity };
    this.backlogs.set(queue, backlog);
    if (performance.now() - backlog.readAt > CACHE) {
      backlog.reading ??= this.read(queue, backlog).finally(() => (backlog.reading = undefined));
      await backlog.reading;
    }
    if (backlog.size + jobs > limit) {
      throw new QueueFullError(
        `the queue "${queue}" holds ${backlog.size} jobs, its maxBacklog is ${limit}. Nothing was enqueued; ` +
          'try again later, add workers, or raise queues.maxBacklog.',
      );
    }
    backlog.size += jobs;
  }

  private async read(name: string, backlog: Backlog): Promise<void> {
    const queue = this.queues.get(name);
    const pipeline = this.connections.producer.pipeline();
    pipeline.llen(queue.toKey('wait')).zcard(queue.toKey('prioritized')).zcard(queue.toKey('delayed'));
    const replies = (await pipeline.exec()) ?? [];
    let size = 0;
    for (const [error, count] of replies) {
      if (error) throw error;
      size += Number(count);
    }
    backlog.size = size;
    backlog.readAt = performance.now();
  }
}
