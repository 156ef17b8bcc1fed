import { Inject, Injectable } from '@nestjs/common';
import { DelayedError } from 'bullmq';
import { PayloadInvalidError } from '../errors/payload.errors.js';
import { JobCancelledError } from '../errors/outcome.errors.js';
import type { AnyJobDefinition } from '../jobs/job-definition.js';
import { fromStoredId } from '../jobs/job-id.js';
import { type JobMeta, readMeta } from '../jobs/job-meta.js';
import { Discard, RetryLater, Snooze } from '../jobs/job-signals.js';
import { type RetryPolicy, retryDelay, toRetryPolicy } from '../jobs/retry-policy.js';
import { applySchema } from '../jobs/schema.js';
import type { StoredJob } from '../jobs/stored-job.js';
import { toStrictJson } from '../jobs/strict-json.js';
import { InvalidOptionError, UnknownJobError } from '../errors/configuration.errors.js';
import { DEFAULT_TIMEOUT, PARK_DELAY } from '../options/defaults.js';
import { parseDuration } from '../options/duration.js';
import { OptionChecker } from '../options/option-checker.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { RESOLVED_OPTIONS } from '../options/tokens.js';
import { SlotGate } from '../scheduling/slot.gate.js';
import { Attempt } from './attempt.js';
import { AttemptContext } from './attempt.context.js';
import { AttemptFailure } from './attempt.failure.js';
import type { JobHandler } from './handler.explorer.js';
import { RunningJobs } from './running.jobs.js';

const check = new OptionChecker(InvalidOptionError);

/** Runs one attempt of a job: validate, run within its time, and translate the outcome into the engine's terms. */
@Injectable()
export class JobRunner {
  private handlers: ReadonlyMap<string, JobHandler> = new Map();

  constructor(
    private readonly running: RunningJobs,
    private readonly slots: SlotGate,
    @Inject(RESOLVED_OPTIONS) private readonly app: ResolvedOptions,
  ) {}

  use(handlers: ReadonlyMap<string, JobHandler>): void {
    this.handlers = handlers;
  }

  async run(job: StoredJob, token: string | undefined): Promise<unknown> {
    const handler = this.handlers.get(job.name);
    if (!handler) return this.park(job, token);
    const meta = readMeta(job.opts);
    if (meta.slot && !(await this.slots.admits(job, meta))) return null;
    const attempt = new Attempt(handler.label, fromStoredId(job.id ?? ''), this.app.clock);
    const context = new AttemptContext(job, meta, attempt);
    this.refuseExpired(job, meta, context.attempt);
    const checking = this.payloadOf(handler.definition, job, meta, context.attempt);
    // Most schemas answer at once; each wait costs the job a turn.
    const payload = checking instanceof Promise ? await checking : checking;
    const run = { queue: job.queueName, storedId: job.id, startedAt: job.processedOn ?? 0, attempt };
    this.running.add(run);
    try {
      const returned = await attempt.run(
        () => handler.invoke(payload, context, attempt),
        this.timeoutOf(handler.definition, meta),
        job.name,
      );
      const result = this.resultOf(handler.definition, returned);
      return result instanceof Promise ? await result : result;
    } catch (thrown) {
      if (thrown instanceof Snooze) return await this.postpone(job, token, thrown.delay);
      throw this.failureOf(thrown, handler.definition, meta, context);
    } finally {
      this.running.remove(run);
    }
  }

  /** A newer version of the app may know this job: it waits for a worker that does, and is dead if none comes. */
  private async park(job: StoredJob, token: string | undefined): Promise<never> {
    const { unknownJobTimeout } = this.app.worker;
    const delay = Math.min(PARK_DELAY, Math.ceil(unknownJobTimeout / 10));
    // How often it was put aside: starts that came to no attempt.
    const parked = job.attemptsStarted - 1 - job.attemptsMade;
    if (parked * delay >= unknownJobTimeout) {
      const error = new UnknownJobError(
        `no worker has a handler for "${job.name}": add a @ProcessJob for it, or discard the job`,
      );
      throw new AttemptFailure('unknown-job', error, job.attemptsMade + 1, this.app.clock.now());
    }
    return this.postpone(job, token, delay);
  }

  private refuseExpired(job: StoredJob, meta: JobMeta, attempt: number): void {
    const startedBefore = job.attemptsStarted > 1 || job.attemptsMade > 0;
    if (meta.expiresAt === undefined || startedBefore) return;
    const now = this.app.clock.now();
    if (now <= meta.expiresAt) return;
    const error = new Error(`not started in time, expired ${now - meta.expiresAt} ms ago`);
    throw new AttemptFailure('expired', error, attempt, now);
  }

  /** A promise only where the schema answers with one. */
  private payloadOf(definition: AnyJobDefinition, job: StoredJob, meta: JobMeta, attempt: number): unknown {
    const stored: unknown = meta.void ? undefined : job.data;
    const refuse = (error: unknown): never => {
      const kind = error instanceof PayloadInvalidError ? 'invalid-payload' : 'discarded';
      throw new AttemptFailure(kind, error, attempt, this.app.clock.now());
    };
    try {
      const payload = applySchema(`payload of ${job.name}`, definition.payloadSchema, stored);
      return payload instanceof Promise ? payload.catch(refuse) : payload;
    } catch (error) {
      return refuse(error);
    }
  }

  /** A promise only where the schema answers with one. */
  private resultOf(definition: AnyJobDefinition, returned: unknown): unknown {
    const subject = `result of ${definition.name}`;
    const check = (result: unknown): unknown => {
      if (result === undefined) return null;
      toStrictJson(subject, result, this.app.resultLimit);
      return result;
    };
    const result = applySchema(subject, definition.resultSchema, returned);
    return result instanceof Promise ? result.then(check) : check(result);
  }

  private failureOf(
    thrown: unknown,
    definition: AnyJobDefinition,
    meta: JobMeta,
    context: AttemptContext,
  ): AttemptFailure {
    const { attempt, maxAttempts } = context;
    const now = this.app.clock.now();
    if (thrown instanceof Discard) return new AttemptFailure('discarded', thrown, attempt, now);
    if (thrown instanceof JobCancelledError) return new AttemptFailure('cancelled', thrown, attempt, now);
    if (attempt >= maxAttempts) {
      const why = thrown instanceof RetryLater ? (thrown.cause ?? thrown) : thrown;
      return new AttemptFailure('attempts', why, attempt, now);
    }
    if (thrown instanceof RetryLater)
      return new AttemptFailure('retrying', thrown.cause ?? thrown, attempt, now, thrown.delay);
    try {
      const delay = retryDelay(
        this.retryOf(definition, meta),
        attempt,
        thrown instanceof Error ? thrown : new Error(String(thrown)),
      );
      return delay === false
        ? new AttemptFailure('attempts', thrown, attempt, now)
        : new AttemptFailure('retrying', thrown, attempt, now, delay);
    } catch {
      // The retry function of the definition threw: fall back to the default policy rather than lose the job.
      return new AttemptFailure(
        'retrying',
        thrown,
        attempt,
        now,
        retryDelay(toRetryPolicy(check, 'retry', undefined), attempt, new Error()) || 0,
      );
    }
  }

  private retryOf({ settings }: AnyJobDefinition, meta: JobMeta): RetryPolicy {
    return (
      meta.retry ??
      toRetryPolicy(check, 'retry', settings.retry, toRetryPolicy(check, 'retry', this.app.defaults.retry))
    );
  }

  private timeoutOf({ settings }: AnyJobDefinition, meta: JobMeta): number {
    return meta.timeout ?? parseDuration(settings.timeout ?? this.app.defaults.timeout) ?? DEFAULT_TIMEOUT;
  }

  /** Puts the job aside for a while, without using an attempt. */
  private async postpone(job: StoredJob, token: string | undefined, delay: number): Promise<never> {
    await job.moveToDelayed(this.app.clock.now() + delay, token);
    throw new DelayedError();
  }
}
