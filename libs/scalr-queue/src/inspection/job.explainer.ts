import { Injectable } from '@nestjs/common';
import { QueueRegistry } from '../engine/redis/queue.registry.js';
import { type FoundJob, JobStore } from '../engine/redis/job.store.js';
import { WorkerRegistry } from '../engine/redis/worker.registry.js';
import type { JobExplanation } from '../contract/job-explanation.js';
import type { JobRef } from '../contract/job-ref.js';
import { AppState } from './app.state.js';
import { type JobFacts, reasonsOf } from './job.reasons.js';
import { toJobInfo } from './job-info.mapper.js';
import { JobReader } from './job.reader.js';

/** Gathers what decides about one job. Its cost does not grow with the backlog. */
@Injectable()
export class JobExplainer {
  constructor(
    private readonly store: JobStore,
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
      this.store.positionOf(found),
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
}
