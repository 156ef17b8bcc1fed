import { pongKey } from '../engine/redis/keys.js';
import { Inject, Injectable } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { setTimeout as pause } from 'node:timers/promises';
import { QueueRegistry } from '../engine/redis/queue.registry.js';
import { RedisConnections } from '../engine/redis/connection/redis.connections.js';
import { toReadError } from '../engine/redis/connection/redis-error.js';
import { newJobId, toStoredId } from '../engine/job-id.js';
import { PING_JOB, type PingResult, type Pong } from '../contract/ping.js';
import { takes } from '../contract/worker-info.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import type { AppSnapshot } from './app.state.js';

/** How soon to look for the answer, in milliseconds, and how often at the least. */
const FIRST_LOOK = 3;
const LAST_LOOK = 50;

type Answer = Pick<PingResult, 'worker'>;

/** Sends the smallest job there is through a queue, and takes everything of it away again. */
@Injectable()
export class QueuePinger {
  constructor(
    private readonly queues: QueueRegistry,
    private readonly connections: RedisConnections,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  /**
   * @param app as it stands: without a live worker, or paused, there is nothing to wait for
   * @throws QueueUnavailableError
   */
  async ping(name: string, timeout: number, app: AppSnapshot): Promise<PingResult> {
    const missed = (reason: PingResult['reason']) => ({ queue: name, answered: false, reason });
    if (!app.workers.some((worker) => takes(worker, name, PING_JOB))) return missed('no-worker');
    if (app.queues.some((queue) => queue.name === name && queue.paused)) return missed('paused');
    const queue = this.queues.get(name);
    const id = newJobId();
    const begin = performance.now();
    try {
      await this.send(queue, id);
      const answer = await this.answerTo(queue, id, begin + timeout);
      if (!answer) return missed('timeout');
      return { queue: name, answered: true, roundTripMs: performance.now() - begin, ...answer };
    } catch (error) {
      throw toReadError(await this.connections.named(error));
    } finally {
      await this.clear(queue, id);
    }
  }

  /** Past the backlog: the question is whether a worker takes jobs, not how many wait. */
  private async send(queue: Queue, id: string): Promise<void> {
    const jobId = toStoredId(PING_JOB, id);
    await queue.add(PING_JOB, null, {
      jobId,
      lifo: true,
      attempts: 1,
      removeOnComplete: true,
      removeOnFail: true,
    });
  }

  /**
   * A worker of a version that does not know pings puts the job aside as one of a newer version, or gives it to a `@Processor`
   * class, which ends it: both show that it takes jobs.
   */
  private async answerTo(queue: Queue, id: string, deadline: number): Promise<Answer | undefined> {
    const storedId = toStoredId(PING_JOB, id);
    for (let wait = FIRST_LOOK; ; wait = Math.min(wait * 1.5, LAST_LOOK)) {
      await pause(Math.max(1, Math.min(wait, deadline - performance.now())));
      const pipeline = this.connections.producer.pipeline();
      // In this order: the answer is there before the job is gone.
      pipeline.zscore(queue.toKey('delayed'), storedId);
      pipeline.exists(queue.toKey(storedId));
      pipeline.get(pongKey(this.options.prefix, id));
      const replies = (await pipeline.exec()) ?? [];
      for (const [error] of replies) if (error) throw error;
      const [putAside, exists, pong] = replies.map(([, value]) => value);
      if (typeof pong === 'string') return { worker: JSON.parse(pong) as Pong };
      if (putAside !== null || exists === 0) return {};
      if (performance.now() >= deadline) return undefined;
    }
  }

  private async clear(queue: Queue, id: string): Promise<void> {
    const gone = [
      queue.remove(toStoredId(PING_JOB, id)),
      this.connections.producer.del(pongKey(this.options.prefix, id)),
    ];
    await Promise.allSettled(gone);
  }
}
