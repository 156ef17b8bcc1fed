import { Injectable } from '@nestjs/common';
import { QueueRegistry } from '../engine/redis/queue.registry.js';
import { RedisConnections } from '../engine/redis/connection/redis.connections.js';
import { WorkerRegistry } from '../engine/redis/worker.registry.js';
import type { JobExplanation } from '../contract/job-explanation.js';
import type { JobRef } from '../contract/job-ref.js';
import { AppState } from './app.state.js';
import { type JobFacts, reasonsOf } from './job.reasons.js';
import { toJobInfo } from './job-info.mapper.js';
import { type FoundJob, JobReader } from './job.reader.js';

/** How far from its head a list is searched for a job: Redis goes through it one by one. */
const MOST_BEFORE = 10_000;

/** Gathers what decides about one job. Its cost does not grow with the backlog. */
@Injectable()
export class JobExplainer {
  constructor(
    private readonly connections: RedisConnections,
    private readonly queues: QueueRegistry,
    private readonly state: AppState,
    private readonly reader: JobReader,
    private readonly registry: WorkerRegistry,
  ) {}

  async explain(ref: JobRef): Promise<JobExplanation | undefined> {
    const found = await this.reader.find(ref);
    if (!found) return undefined;
    const facts = await this.reader.bounded(() => this.factsOf(found));
    return { job: toJobInfo(found), reasons: reasonsOf(facts) };
  }

  private async factsOf(found: FoundJob): Promise<JobFacts> {
    const queue = this.queues.get(found.job.queueName);
    const { name, queueName } = found.job;
    const [{ queues, workers }, [unhandled], limit, rateLimited, position] = await Promise.all([
      this.state.read(),
      this.registry.withLastHandler([{ name, queue: queueName }]),
      queue.getGlobalConcurrency(),
      queue.getRateLimitTtl(),
      this.positionOf(found),
    ]);
    return {
      found,
      queue: queues.find(({ name }) => name === found.job.queueName),
      workers,
      now: Date.now(),
      ...(unhandled?.lastHandledBy ? { lastHandledBy: unhandled.lastHandledBy } : {}),
      ...(limit === null ? {} : { limit }),
      rateLimited: Math.max(0, rateLimited),
      ...(position === undefined ? {} : { position }),
    };
  }

  /** Jobs without a priority come first, then those with one. */
  private async positionOf({ job, state }: FoundJob): Promise<number | undefined> {
    const redis = this.connections.producer;
    const queue = this.queues.get(job.queueName);
    const id = job.id ?? '';
    const wait = queue.toKey('wait');
    if (state === 'prioritized') {
      const [rank, before] = await Promise.all([
        redis.zrank(queue.toKey('prioritized'), id),
        redis.llen(wait),
      ]);
      return rank === null ? undefined : before + rank + 1;
    }
    if (state !== 'waiting') return undefined;
    // The next one stands at the end.
    const [index, length] = await Promise.all([
      redis.lpos(wait, id, 'RANK', -1, 'MAXLEN', MOST_BEFORE),
      redis.llen(wait),
    ]);
    return index === null ? undefined : Math.max(1, length - index);
  }
}
