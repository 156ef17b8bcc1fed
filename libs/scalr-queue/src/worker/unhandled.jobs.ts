import { Inject, Injectable } from '@nestjs/common';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import { MAX_DEFERRAL } from '../contract/defaults.js';
import { UnknownJobError } from '../contract/errors/configuration.errors.js';
import { takes, type WorkerInfo } from '../contract/worker-info.js';
import { AttemptFailure } from '../engine/attempt-failure.js';
import { WorkerEngine } from '../engine/engine-worker.js';
import { QueueEngine } from '../engine/queue.engine.js';
import { Deferred } from '../engine/run-ends.js';
import type { StoredJob } from '../engine/stored-job.js';
import { ShutdownController } from './shutdown.controller.js';

/** How soon a job that a live worker can run is offered again. */
const OFFER_DELAY = 40;
/** For so many times; after that the workers that know it have no hand free. */
const MAX_OFFERS = 40;
const BUSY_DELAY = 1_000;
/** How long this worker leaves the queue to those that know the job. */
const STAND_BACK = 1_000;
/** A job that nobody knows is offered this often while there are few of them. */
const CALM_DELAY = 1_000;
const FEW_JOBS = 100;
/** How old what the workers announced may be. */
const WORKERS_MAX_AGE = 500;

/**
 * What becomes of a job that this worker has no handler for. During a rolling deploy a live worker may have one: the job comes
 * back at once, and this worker lets the others have it. Where nobody has, it waits for a worker that does.
 */
@Injectable()
export class UnhandledJobs {
  private workers: Promise<readonly WorkerInfo[]> = Promise.resolve([]);
  private readAt = -Infinity;
  private recent = { since: 0, count: 0 };

  constructor(
    private readonly engine: QueueEngine,
    private readonly running: WorkerEngine,
    private readonly shutdown: ShutdownController,
    @Inject(RESOLVED_OPTIONS) private readonly app: ResolvedOptions,
  ) {}

  /**
   * Puts the job off to a later time.
   * @throws Deferred; AttemptFailure once nobody has known it for long enough
   */
  async defer(job: StoredJob, token: string | undefined): Promise<never> {
    const { runs } = this.running;
    const now = this.app.clock.now();
    // Redis went away just now: what is not noted is noted the next time.
    const { since, times } = await runs.noteDeferral(job, now).catch(() => ({ since: now, times: 1 }));
    const isKnown = await this.isKnown(job);
    if (!isKnown && now - since >= this.app.worker.unknownJobTimeout) throw this.unknown(job, now);
    const delay = isKnown ? (times > MAX_OFFERS ? BUSY_DELAY : OFFER_DELAY) : this.waitForHandler(now);
    await runs.defer(job, token, delay, this.shutdown.forceSignal);
    throw new Deferred(times === 1, isKnown ? STAND_BACK : 0);
  }

  /** Whether a live worker has its handler. */
  private async isKnown({ queueName, name }: StoredJob): Promise<boolean> {
    const now = performance.now();
    if (now - this.readAt > WORKERS_MAX_AGE) {
      this.readAt = now;
      this.workers = this.engine.workers.list().catch(() => []);
    }
    return (await this.workers).some((worker) => takes(worker, queueName, name));
  }

  /** Very many of them must not keep Redis busy. */
  private waitForHandler(now: number): number {
    if (now - this.recent.since > CALM_DELAY) this.recent = { since: now, count: 0 };
    const delay = ++this.recent.count > FEW_JOBS ? MAX_DEFERRAL : CALM_DELAY;
    return Math.min(delay, Math.ceil(this.app.worker.unknownJobTimeout / 10));
  }

  private unknown(job: StoredJob, now: number): AttemptFailure {
    const error = new UnknownJobError(
      `no worker has a handler for "${job.name}": add a @ProcessJob for it, or delete the job`,
    );
    return new AttemptFailure('unknown-job', error, job.attemptsMade + 1, now);
  }
}
