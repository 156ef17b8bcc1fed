import { Logger } from '@nestjs/common';
import type { CarriedContext } from '../contract/carried-context.js';
import type {
  EachOptions,
  EachSource,
  EffectCall,
  OnceOptions,
  TransactionOptions,
} from '../contract/effects.js';
import { JobContext } from '../contract/job-context.js';
import { settlesWithin } from '../engine/deadline.js';
import { fromStoredId } from '../engine/job-id.js';
import type { JobMeta } from '../engine/job-meta.js';
import type { StoredJob } from '../engine/stored-job.js';
import { AttemptEffects } from './effects/attempt.effects.js';
import type { EffectScope } from './effects/effect.scope.js';
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
  private openEffects?: AttemptEffects;
  private warned = false;

  constructor(
    private readonly job: StoredJob,
    private readonly meta: JobMeta,
    private readonly run: { readonly signal: AbortSignal },
    private readonly makeScope: (context: JobContext) => EffectScope,
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

  override once<T>(
    key: string,
    effect: (call: EffectCall) => T | Promise<T>,
    options?: OnceOptions<NoInfer<T>>,
  ): Promise<T> {
    return this.effects.once(key, effect, options);
  }

  override each<T, C = unknown>(
    name: string,
    source: EachSource<T, C>,
    options?: EachOptions<NoInfer<T>, NoInfer<C>>,
  ): AsyncIterable<T> {
    return this.effects.each(name, source, options);
  }

  override tx<T>(work: (tx: never) => T | Promise<T>, options?: TransactionOptions): Promise<T> {
    return this.effects.tx(work, options);
  }

  /** What effects need, for those that run in another thread. */
  get scope(): EffectScope {
    return this.makeScope(this);
  }

  /** Where the worker asked a loop to stop. */
  get handedBack(): Error | undefined {
    return this.openEffects?.handedBack;
  }

  /** What the job ends with, given what its handler threw. */
  endOf(thrown: unknown): unknown {
    return this.openEffects ? this.openEffects.endOf(thrown) : thrown;
  }

  /** The attempt is over: what was reported last is written, and what is reported later is not. */
  end(): void {
    void this.openTrail?.end();
    this.openEffects?.end();
  }

  private get effects(): AttemptEffects {
    this.openEffects ??= new AttemptEffects(this.scope);
    return this.openEffects;
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
