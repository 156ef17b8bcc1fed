import { JobContext } from '../jobs/job-context.js';
import { fromStoredId } from '../jobs/job-id.js';
import type { JobMeta } from '../jobs/job-meta.js';
import type { StoredJob } from '../jobs/stored-job.js';
import { toStrictJson } from '../jobs/strict-json.js';

const PROGRESS_LIMIT = 16 * 1_024;
const LOG_LINE_LIMIT = 8 * 1_024;
/** Telling about a job must not hold it up while Redis is away. */
const WRITE_PATIENCE = 1_000;

/** The context of one attempt, over the engine's job. */
export class AttemptContext extends JobContext {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly enqueuedAt: Date;
  override readonly scheduledFor?: Date;

  constructor(
    private readonly job: StoredJob,
    meta: JobMeta,
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

  async progress(value: number | object): Promise<void> {
    toStrictJson(`progress of ${this.name}`, value, PROGRESS_LIMIT);
    await bestEffort(this.job.updateProgress(value));
  }

  async log(message: string): Promise<void> {
    await bestEffort(this.job.log(message.slice(0, LOG_LINE_LIMIT)));
  }
}

async function bestEffort(write: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, WRITE_PATIENCE);
  });
  await Promise.race([write.catch(() => undefined), patience]);
  clearTimeout(timer);
}
