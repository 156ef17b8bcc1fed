import { setTimeout as pause } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { ResolvedOptions } from '../../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../../config/tokens.js';
import { PING_JOB, type Pong } from '../../contract/ping.js';
import { newJobId, toStoredId } from '../job-id.js';
import type { PingAnswer } from '../queue.engine.js';
import { RedisConnections } from './connection/redis.connections.js';
import { toReadError } from './connection/redis-error.js';
import { pongKey, queueKey } from './keys.js';
import { valuesOf } from './pipeline-replies.js';
import { QueueRegistry } from './queue.registry.js';

/** How soon to look for the answer, in milliseconds, and how often at the least. */
const FIRST_LOOK = 3;
const LAST_LOOK = 50;

/** Sends the smallest job there is through a queue, and takes everything of it away again. */
@Injectable()
export class PingSender {
  constructor(
    private readonly queues: QueueRegistry,
    private readonly connections: RedisConnections,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  /**
   * @param timeout milliseconds
   * @returns undefined when no worker took it in time
   * @throws QueueUnavailableError
   */
  async ping(queue: string, timeout: number): Promise<PingAnswer | undefined> {
    const id = newJobId();
    const begin = performance.now();
    try {
      await this.send(queue, id);
      const answer = await this.answerTo(queue, id, begin + timeout);
      return answer && { roundTripMs: performance.now() - begin, ...answer };
    } catch (error) {
      throw toReadError(await this.connections.named(error));
    } finally {
      await this.clear(queue, id);
    }
  }

  /** Past the backlog: the question is whether a worker takes jobs, not how many wait. */
  private async send(queue: string, id: string): Promise<void> {
    const jobId = toStoredId(PING_JOB, id);
    const options = { jobId, lifo: true, attempts: 1, removeOnComplete: true, removeOnFail: true };
    await this.queues.get(queue).add(PING_JOB, null, options);
  }

  /**
   * A worker of a version that does not know pings defers the job as one of a newer version, or gives it to a `@Processor`
   * class, which ends it: both show that it takes jobs.
   */
  private async answerTo(
    queue: string,
    id: string,
    deadline: number,
  ): Promise<Pick<PingAnswer, 'worker'> | undefined> {
    const { prefix } = this.options;
    const storedId = toStoredId(PING_JOB, id);
    for (let wait = FIRST_LOOK; ; wait = Math.min(wait * 1.5, LAST_LOOK)) {
      await pause(Math.max(1, Math.min(wait, deadline - performance.now())));
      const pipeline = this.connections.producer.pipeline();
      // In this order: the answer is there before the job is gone.
      pipeline.zscore(queueKey(prefix, queue, 'delayed'), storedId);
      pipeline.exists(queueKey(prefix, queue, storedId));
      pipeline.get(pongKey(prefix, id));
      const [deferred, exists, pong] = valuesOf(await pipeline.exec());
      if (typeof pong === 'string') return { worker: JSON.parse(pong) as Pong };
      if (deferred !== null || exists === 0) return {};
      if (performance.now() >= deadline) return undefined;
    }
  }

  private async clear(queue: string, id: string): Promise<void> {
    const gone = [
      this.queues.get(queue).remove(toStoredId(PING_JOB, id)),
      this.connections.producer.del(pongKey(this.options.prefix, id)),
    ];
    await Promise.allSettled(gone);
  }
}
