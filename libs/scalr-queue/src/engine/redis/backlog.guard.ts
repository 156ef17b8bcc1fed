import { Inject, Injectable } from '@nestjs/common';
import { QueueFullError } from '../../contract/errors/enqueue.errors.js';
import { DEFAULT_MAX_BACKLOG } from '../../contract/defaults.js';
import type { ResolvedOptions } from '../../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../../config/tokens.js';
import { valuesOf } from './pipeline-replies.js';
import { QueueRegistry } from './queue.registry.js';
import { RedisConnections } from './connection/redis.connections.js';
import { counted } from '../../contract/counted.js';

/** Milliseconds that a size is trusted. */
const MAX_AGE_MS = 250;

interface Backlog {
  size: number;
  readAt: number;
  reading?: Promise<void>;
}

/** Refuses jobs for a queue that holds as many as its `maxBacklog`; far below it, no call waits for the size. */
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
    const limit = this.options.queues.get(queue)?.maxBacklog ?? DEFAULT_MAX_BACKLOG;
    if (limit === Infinity) return undefined;
    // Below the default the first call waits for the size; a hanging Redis would hold it up.
    const unread = limit < DEFAULT_MAX_BACKLOG ? Infinity : 0;
    const backlog = this.backlogs.get(queue) ?? { size: unread, readAt: -Infinity };
    this.backlogs.set(queue, backlog);
    if (backlog.size + jobs > limit / 2) return this.count(queue, backlog, jobs, limit);
    backlog.size += jobs;
    if (!isFresh(backlog)) this.refresh(queue, backlog).catch(() => undefined);
    return undefined;
  }

  private async count(queue: string, backlog: Backlog, jobs: number, limit: number): Promise<void> {
    if (!isFresh(backlog)) await this.refresh(queue, backlog);
    if (backlog.size + jobs > limit) {
      throw new QueueFullError(
        `the queue "${queue}" holds ${counted(backlog.size, 'job')}, its maxBacklog is ${limit}. Nothing was enqueued; ` +
          'try again later, add workers, or raise queues.maxBacklog.',
      );
    }
    backlog.size += jobs;
  }

  private refresh(queue: string, backlog: Backlog): Promise<void> {
    backlog.reading ??= this.read(queue, backlog).finally(() => (backlog.reading = undefined));
    return backlog.reading;
  }

  private async read(name: string, backlog: Backlog): Promise<void> {
    const queue = this.queues.get(name);
    const pipeline = this.connections.producer.pipeline();
    pipeline.llen(queue.toKey('wait')).zcard(queue.toKey('prioritized')).zcard(queue.toKey('delayed'));
    const counts = valuesOf(await pipeline.exec());
    backlog.size = counts.reduce((sum: number, count) => sum + Number(count), 0);
    backlog.readAt = performance.now();
  }
}

const isFresh = ({ readAt }: Backlog): boolean => performance.now() - readAt <= MAX_AGE_MS;
