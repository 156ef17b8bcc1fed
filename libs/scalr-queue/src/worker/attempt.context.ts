import { Logger } from '@nestjs/common';
import type { CarriedContext } from '../contract/carried-context.js';
import { JobContext } from '../contract/job-context.js';
import { settlesWithin } from '../engine/deadline.js';
import { fromStoredId } from '../engine/job-id.js';
import type { JobMeta } from '../engine/job-meta.js';
import type { StoredJob } from '../engine/stored-job.js';
import { DONE, Trail } from './trail.js';

const logger = new Logger('ScalrQueue');
/** How long, in milliseconds, progress and log lines may hold up a job while Redis is away. */
const WRITE_TIMEOUT = 1_000;

/** The context of one attempt, over the engine's job. */
export class AttemptContext extends JobContext {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly enqueuedAt: Date;
  override readonly scheduledFor?: Date;
  private openTrail?: Trail;
  private warned = false;

  constructor(
    private readonly job: StoredJob,
    private readonly meta: JobMeta,
    private readonly run: { readonly signal: AbortSignal },
  ) {
    super();
    this.id = fromStoredId(job.id ?? '');
    this.name = job.name;
    this.queue = job.queueName;
    this.attempt = job.attemptsMade + 1;
    this.maxAttempts = Math.max(job.opts.attempts ?? 1, this.attempt);
    this.enqueuedAt = new Date(job.timestamp);
    if (meta.scheduledFor !== undefined) this.scheduledFor = new Date(meta.scheduledFor);
  }

  get signal(): AbortSignal {
    return this.run.signal;
  }

  override get context(): Readonly<Partial<CarriedContext>> {
    return this.meta.ctx ?? super.context;
  }

  progress(value: number | object): Promise<void> {
    return bestEffort(this.trail.progress(value));
  }

  log(message: unknown): Promise<void> {
    return bestEffort(this.trail.log(message));
  }

  /** The attempt is over: what was reported last is written, and what is reported later is not. */
  end(): void {
    void this.openTrail?.end();
  }

  /** Made when something is reported: most handlers never do. */
  private get trail(): Trail {
    this.openTrail ??= new Trail({
      progress: (value) => this.job.updateProgress(value),
      log: (lines) => Promise.all(lines.map((line) => this.job.log(line))),
      ignored: () => this.warnIgnored(),
    });
    return this.openTrail;
  }

  private warnIgnored(): void {
    if (this.warned) return;
    this.warned = true;
    logger.warn(
      `the progress of ${this.name} ${this.id} was ignored: expected a number or an object that JSON can hold in 16 KiB`,
    );
  }
}

async function bestEffort(write: Promise<void>): Promise<void> {
  if (write !== DONE) await settlesWithin(write, WRITE_TIMEOUT);
}
