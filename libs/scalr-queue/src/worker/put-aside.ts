import { Inject, Injectable } from '@nestjs/common';
import { Postponed } from '../engine/run-ends.js';
import { JobCounts } from '../engine/redis/job.counts.js';
import { WorkerRegistry } from '../engine/redis/worker.registry.js';
import { UnknownJobError } from '../contract/errors/configuration.errors.js';
import type { StoredJob } from '../engine/stored-job.js';
import { takes, type WorkerInfo } from '../contract/worker-info.js';
import { PARK_DELAY } from '../contract/defaults.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import { AsideNotes } from '../engine/redis/aside.notes.js';
import { AttemptFailure } from '../engine/attempt-failure.js';
import { ShutdownGate } from './shutdown.gate.js';
import { untilAccepted } from '../engine/redis/worker/until-accepted.js';

/** How soon a job that a live worker can run is offered again. */
const OFFER_AGAIN = 40;
/** For so many times; after that the workers that know it have no hand free. */
const OFFERS = 40;
const BUSY = 1_000;
/** How long this worker leaves the queue to those that know the job. */
const STAND_BACK = 1_000;
/** A job that nobody knows is offered this often while there are few of them. */
const CALM = 1_000;
const FEW = 100;
/** How old what the workers announced may be. */
const NEWS = 500;

/** The end of the run of a job that was put aside. */
export class PutAside extends Postponed {
  /**
   * @param isFirst whether it was not put aside just before
   * @param standBack milliseconds for which this worker fetches nothing unless jobs wait that nobody takes
   */
  constructor(
    readonly isFirst: boolean,
    readonly standBack: number,
  ) {
    super();
  }
}

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
    private readonly registry: WorkerRegistry,
    private readonly notes: AsideNotes,
    private readonly counts: JobCounts,
    private readonly gate: ShutdownGate,
    @Inject(RESOLVED_OPTIONS) private readonly app: ResolvedOptions,
  ) {}

  /**
   * Puts the job aside.
   * @throws PutAside; AttemptFailure once nobody has known it for long enough
   */
  async putAside(job: StoredJob, token: string | undefined): Promise<never> {
    const now = this.app.clock.now();
    // Redis went away just now: what is not noted is noted the next time.
    const { since, times } = await this.notes.note(job, now).catch(() => ({ since: now, times: 1 }));
    const isKnown = await this.isKnown(job);
    if (!isKnown && now - since >= this.app.worker.unknownJobTimeout) throw this.unknown(job, now);
    const delay = isKnown ? (times > OFFERS ? BUSY : OFFER_AGAIN) : this.waitForHandler(now);
    await untilAccepted(() => this.counts.putAside(job, token, delay), this.gate.patience);
    throw new PutAside(times === 1, isKnown ? STAND_BACK : 0);
  }

  /** Whether a live worker has its handler. */
  private async isKnown({ queueName, name }: StoredJob): Promise<boolean> {
    const now = performance.now();
    if (now - this.readAt > NEWS) {
      this.readAt = now;
      this.workers = this.registry.list().catch(() => []);
    }
    return (await this.workers).some((worker) => takes(worker, queueName, name));
  }

  /** Very many of them must not keep Redis busy. */
  private waitForHandler(now: number): number {
    if (now - this.recent.since > CALM) this.recent = { since: now, count: 0 };
    const delay = ++this.recent.count > FEW ? PARK_DELAY : CALM;
    return Math.min(delay, Math.ceil(this.app.worker.unknownJobTimeout / 10));
  }

  private unknown(job: StoredJob, now: number): AttemptFailure {
    const error = new UnknownJobError(
      `no worker has a handler for "${job.name}": add a @ProcessJob for it, or delete the job`,
    );
    return new AttemptFailure('unknown-job', error, job.attemptsMade + 1, now);
  }
}
