import { Inject, Injectable } from '@nestjs/common';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import type { FoundJob } from '../engine/found-job.js';
import { type LimitState, SharedEngine } from '../engine/shared.engine.js';
import { QueueEngine } from '../engine/queue.engine.js';
import type { AnyJobDefinition } from '../contract/job-definition.js';
import type { JobInfo } from '../contract/job-info.js';
import type { JobExplanation } from '../contract/job-explanation.js';
import type { JobRef } from '../contract/job-ref.js';
import { AppState } from './app.state.js';
import { type ExplainedJob, reasonsOf } from './job.reasons.js';
import { toJobInfo } from './job-info.mapper.js';
import { knownDefinition } from '../engine/effective-settings.js';
import { type JobMeta, readMeta } from '../engine/job-meta.js';
import { LiveSettings } from '../engine/live-settings.js';
import { JobReader } from './job.reader.js';

/** Gathers what decides about one job. Its cost does not grow with the backlog. */
@Injectable()
export class JobExplainer {
  private readonly live: LiveSettings;

  constructor(
    private readonly engine: QueueEngine,
    private readonly state: AppState,
    private readonly reader: JobReader,
    private readonly shared: SharedEngine,
    @Inject(RESOLVED_OPTIONS) private readonly app: Pick<ResolvedOptions, 'clock' | 'defaults'>,
  ) {
    this.live = new LiveSettings(app);
  }

  async explain(ref: JobRef): Promise<JobExplanation | undefined> {
    const found = await this.reader.find(ref);
    if (!found) return undefined;
    const facts = await this.reader.bounded(() => this.factsOf(found));
    return { job: facts.job, reasons: reasonsOf(facts) };
  }

  /** Those that it waits for: a job that was put aside by one is delayed. */
  private async limitersOf(found: FoundJob): Promise<LimitState[]> {
    const { name, id, state } = toJobInfo(found);
    if (state !== 'delayed') return [];
    const who = `job ${name} ${id}`;
    const limiters = await this.shared.limits.list();
    return limiters.filter(({ waiters }) => waiters.includes(who));
  }

  /** As a worker with the definitions of this process would take it: what the call of `enqueue` left open may have changed since. */
  private goesBy(found: FoundJob): Pick<ExplainedJob, 'job' | 'expiresAt'> {
    const job = toJobInfo(found);
    const meta = readMeta(found.job.opts);
    const definition = knownDefinition(job.name, this.app);
    const expiresAt = this.live.expiryOf(definition, found.job, meta);
    const hasEnded = job.state === 'completed' || job.state === 'dead';
    return {
      job: hasEnded || !definition ? job : { ...job, maxAttempts: this.attemptsOf(definition, meta, job) },
      ...(expiresAt === undefined ? {} : { expiresAt }),
    };
  }

  private attemptsOf(definition: AnyJobDefinition, meta: JobMeta, { maxAttempts }: JobInfo): number {
    try {
      return this.live.retryOf(definition, meta).attempts;
    } catch {
      // What is stored of it is damaged.
      return maxAttempts;
    }
  }

  private async factsOf(found: FoundJob): Promise<ExplainedJob> {
    const { name, queueName } = found.job;
    const [{ queues, workers }, [unhandled], limits, position, limiters] = await Promise.all([
      this.state.read(),
      this.engine.workers.withLastHandler([{ name, queue: queueName }]),
      this.engine.queues.limitsOf(queueName),
      this.engine.jobs.positionOf(found),
      this.limitersOf(found),
    ]);
    return {
      found,
      ...this.goesBy(found),
      queue: queues.find(({ name }) => name === found.job.queueName),
      workers,
      now: this.app.clock.now(),
      ...(unhandled?.lastHandledBy ? { lastHandledBy: unhandled.lastHandledBy } : {}),
      ...(limits.concurrency === undefined ? {} : { limit: limits.concurrency }),
      limiters,
      rateLimited: limits.rateLimitedFor,
      ...(position === undefined ? {} : { position }),
    };
  }
}
