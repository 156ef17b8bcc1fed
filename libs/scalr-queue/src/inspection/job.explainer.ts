import { Inject, Injectable } from '@nestjs/common';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import type { FoundJob } from '../engine/found-job.js';
import { QueueEngine } from '../engine/queue.engine.js';
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
    private readonly engine: QueueEngine,
    private readonly state: AppState,
    private readonly reader: JobReader,
    @Inject(RESOLVED_OPTIONS) private readonly app: Pick<ResolvedOptions, 'clock'>,
  ) {}

  async explain(ref: JobRef): Promise<JobExplanation | undefined> {
    const found = await this.reader.find(ref);
    if (!found) return undefined;
    const facts = await this.reader.bounded(() => this.factsOf(found));
    return { job: toJobInfo(found), reasons: reasonsOf(facts) };
  }

  private async factsOf(found: FoundJob): Promise<JobFacts> {
    const { name, queueName } = found.job;
    const [{ queues, workers }, [unhandled], limits, position] = await Promise.all([
      this.state.read(),
      this.engine.workers.withLastHandler([{ name, queue: queueName }]),
      this.engine.queues.limitsOf(queueName),
      this.engine.jobs.positionOf(found),
    ]);
    return {
      found,
      queue: queues.find(({ name }) => name === found.job.queueName),
      workers,
      now: this.app.clock.now(),
      ...(unhandled?.lastHandledBy ? { lastHandledBy: unhandled.lastHandledBy } : {}),
      ...(limits.concurrency === undefined ? {} : { limit: limits.concurrency }),
      rateLimited: limits.rateLimitedFor,
      ...(position === undefined ? {} : { position }),
    };
  }
}
