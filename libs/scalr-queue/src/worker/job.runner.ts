import { Inject, Injectable, Logger } from '@nestjs/common';
import { HandBack, Postponed } from '../engine/run-ends.js';
import { WorkerEngine } from '../engine/engine-worker.js';
import { PayloadInvalidError } from '../contract/errors/payload.errors.js';
import { EffectResultError, EffectUnknownError } from '../contract/errors/effect.errors.js';
import type { JobContext } from '../contract/job-context.js';
import { JobCancelledError } from '../contract/errors/outcome.errors.js';
import type { AnyJobDefinition } from '../contract/job-definition.js';
import type { DeadReason } from '../contract/job-info.js';
import { describeThrown, isInstance } from '../engine/failure.js';
import { fromStoredId } from '../engine/job-id.js';
import { type JobMeta, readMeta } from '../engine/job-meta.js';
import { Discard, RetryLater, Snooze } from '../contract/control-flow-signals.js';
import { retryDelay, toRetryPolicy } from '../contract/retry-policy.js';
import { applySchema } from '../contract/schema.js';
import type { StoredJob } from '../engine/stored-job.js';
import { InvalidOptionError } from '../contract/errors/configuration.errors.js';
import { redactText } from '../observability/redaction.js';
import { OptionChecker } from '../contract/option-checker.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import { carrying } from '../engine/carried-context.js';
import { endedWithoutRun } from '../engine/slot-end.js';
import { DefinitionLimits } from '../shared/definition.limits.js';
import { JobHooks } from '../hooks/job.hooks.js';
import { SlotAdmission } from '../scheduling/slot.admission.js';
import { Attempt } from './attempt.js';
import { AttemptContext } from './attempt.context.js';
import { type EffectScope, leaseOf } from './effects/effect.scope.js';
import { AttemptFailure } from '../engine/attempt-failure.js';
import { JobEventSource } from './job-event.source.js';
import { FingerprintOverride } from './fingerprint.override.js';
import type { JobHandler } from './handler.explorer.js';
import { resultOf } from './job.result.js';
import { LiveSettings } from '../engine/live-settings.js';
import { UnhandledJobs } from './unhandled.jobs.js';
import { RunningJobs } from './running.jobs.js';
import { ShutdownController } from './shutdown.controller.js';

const check = new OptionChecker(InvalidOptionError);
const logger = new Logger('ScalrQueue');

/** Runs one attempt of a job: validate, run within its time, and translate the outcome into the engine's terms. */
@Injectable()
export class JobRunner {
  private readonly live: LiveSettings;

  constructor(
    private readonly running: RunningJobs,
    private readonly slots: SlotAdmission,
    private readonly unhandled: UnhandledJobs,
    private readonly engine: WorkerEngine,
    private readonly shutdown: ShutdownController,
    private readonly limits: DefinitionLimits,
    private readonly hooks: JobHooks,
    private readonly events: JobEventSource,
    private readonly fingerprints: FingerprintOverride,
    @Inject(RESOLVED_OPTIONS) private readonly app: ResolvedOptions,
  ) {
    this.live = new LiveSettings(app);
  }

  /** @param handler of the job, where this worker has one */
  async run(job: StoredJob, token: string | undefined, handler: JobHandler | undefined): Promise<unknown> {
    if (!handler) return this.unhandled.defer(job, token);
    const { definition } = handler;
    const meta = readMeta(job.opts);
    this.settle(job, definition, meta);
    const expiresAt = this.live.expiryOf(definition, job, meta);
    // Before the gate: it notes a run, and an expired job has none.
    if (expiresAt !== undefined) await this.refuseExpired(job, expiresAt);
    if (meta.slot) {
      const end = await this.slots.refusal(job, meta);
      if (end) return endedWithoutRun(end);
    }
    const attempt = new Attempt(handler.label, fromStoredId(job.id ?? ''), this.app.clock);
    const context = new AttemptContext(job, meta, attempt, (of) => this.scopeOf(of, job, token));
    // Asked again by a handler that had to wait for a thread.
    if (expiresAt !== undefined) attempt.admission = () => this.refuseExpired(job, expiresAt);
    let run: number | undefined;
    let leave: (() => Promise<void>) | undefined;
    try {
      const checking = this.payloadOf(handler.definition, job, meta, context.attempt);
      // Most schemas answer at once; each wait costs the job a turn.
      const payload = checking instanceof Promise ? await checking : checking;
      if (definition.settings.limits)
        leave = await this.limits.admit(definition, payload, (reason) => attempt.abort(reason));
      run = this.running.add({
        queue: job.queueName,
        storedId: job.id,
        startedAt: job.processedOn ?? 0,
        attempt,
      });
      const returned = await attempt.run(
        this.around(meta, context, () => handler.invoke(payload, context, attempt)),
        this.live.timeoutOf(handler.definition, meta),
        job.name,
      );
      if (context.handedBack) throw context.handedBack;
      const checked = this.resultOf(handler.definition, returned, context.attempt);
      const result = checked instanceof Promise ? await checked : checked;
      if (meta.slot) await this.slots.succeeded(meta);
      return result;
    } catch (failure) {
      const thrown = context.endOf(failure);
      if (isInstance(thrown, HandBack)) throw thrown;
      if (isInstance(thrown, Snooze)) {
        // Before its limiters had room for it, it has not started: it can still expire.
        if (run === undefined && expiresAt !== undefined)
          await this.engine.runs.noteIdle(job, token, this.shutdown.forceSignal);
        await this.engine.runs.snooze(job, token, thrown.delay, this.shutdown.forceSignal);
        throw new Postponed();
      }
      // A payload that could not be checked is no run: the job can still expire.
      if (run === undefined && expiresAt !== undefined)
        await this.engine.runs.noteIdle(job, token, this.shutdown.forceSignal);
      throw this.failureOf(thrown, handler.definition, meta, context);
    } finally {
      context.end();
      if (run !== undefined) this.running.remove(run);
      if (leave) await leave();
    }
  }

  /** The run of a handler with the hooks and the carried context around it; the very run where there are none. */
  private around(
    meta: JobMeta,
    context: AttemptContext,
    run: () => Promise<unknown>,
  ): () => Promise<unknown> {
    const hooked = this.hooks.any ? () => this.hooks.attempt(context, run) : run;
    return meta.ctx ? () => carrying(context.context, hooked) : hooked;
  }

  /** The engine goes by the attempts of the job: those that hold now, whatever they were when it was enqueued. */
  private settle(job: StoredJob, definition: AnyJobDefinition, meta: JobMeta): void {
    const { attempts } = this.live.retryOf(definition, meta);
    if (job.opts.attempts !== attempts) Object.assign(job.opts, { attempts });
  }

  private scopeOf(
    { id, name, signal, enqueuedAt }: JobContext,
    job: StoredJob,
    token: string | undefined,
  ): EffectScope {
    const { app, clock, outbox, resultLimit, worker } = this.app;
    return {
      notes: this.engine.effects(job, token, this.shutdown.forceSignal),
      app,
      name,
      id,
      enqueuedAt: enqueuedAt.getTime(),
      outbox,
      signal,
      drain: this.shutdown.drainSignal,
      clock,
      lease: leaseOf(worker.lockDuration),
      resultLimit,
      unknown: (effect) => this.events.effectUnknown(job, effect),
    };
  }

  /** Only a run of a handler is a start: not being deferred, released or made to wait for a thread. */
  private async refuseExpired(job: StoredJob, expiresAt: number): Promise<void> {
    const now = this.app.clock.now();
    if (now <= expiresAt || (await this.engine.runs.hasRun(job))) return;
    const error = new Error(`not started in time, expired ${now - expiresAt} ms ago`);
    throw new AttemptFailure('expired', error, job.attemptsMade + 1, now);
  }

  /**
   * A promise only where the schema answers with one.
   * @throws AttemptFailure where the payload does not fit; whatever else the schema throws is a failed attempt like any other
   */
  private payloadOf(definition: AnyJobDefinition, job: StoredJob, meta: JobMeta, attempt: number): unknown {
    const stored: unknown = meta.void ? undefined : job.data;
    const refuse = (error: unknown): never => {
      if (!isInstance(error, PayloadInvalidError)) throw error;
      throw new AttemptFailure('invalid-payload', error, attempt, this.app.clock.now());
    };
    try {
      const payload = applySchema(`payload of ${job.name}`, definition.payloadSchema, stored);
      return payload instanceof Promise ? payload.catch(refuse) : payload;
    } catch (error) {
      return refuse(error);
    }
  }

  /** The handler has done its work: a result that does not fit ends the job instead of running it again. */
  private resultOf(definition: AnyJobDefinition, returned: unknown, attempt: number): unknown {
    const refuse = (error: unknown): never => {
      throw new AttemptFailure('invalid-result', error, attempt, this.app.clock.now());
    };
    try {
      const result = resultOf(definition, returned, this.app.resultLimit);
      return result instanceof Promise ? result.catch(refuse) : result;
    } catch (error) {
      return refuse(error);
    }
  }

  private failureOf(
    thrown: unknown,
    definition: AnyJobDefinition,
    meta: JobMeta,
    context: AttemptContext,
  ): AttemptFailure {
    const { attempt, maxAttempts } = context;
    const now = this.app.clock.now();
    if (isInstance(thrown, AttemptFailure)) return thrown;
    const dead = (reason: DeadReason, error = thrown) =>
      new AttemptFailure(reason, error, attempt, now, 0, this.fingerprints.of(definition, error));
    if (isInstance(thrown, Discard)) return dead('discarded');
    if (isInstance(thrown, JobCancelledError)) return new AttemptFailure('cancelled', thrown, attempt, now);
    if (isInstance(thrown, EffectUnknownError)) return dead('effect-unknown');
    if (isInstance(thrown, EffectResultError)) return dead('invalid-result');
    const isLater = isInstance(thrown, RetryLater);
    if (attempt >= maxAttempts) return dead('attempts', isLater ? (thrown.cause ?? thrown) : thrown);
    if (isLater) return new AttemptFailure('retrying', thrown.cause ?? thrown, attempt, now, thrown.delay);
    try {
      const delay = retryDelay(
        this.live.retryOf(definition, meta),
        attempt,
        isInstance(thrown, Error) ? thrown : new Error(describeThrown(thrown).message),
      );
      return delay === false ? dead('attempts') : new AttemptFailure('retrying', thrown, attempt, now, delay);
    } catch (error) {
      // The retry function of the definition threw: fall back to the default delays rather than lose the job.
      const { name, message } = describeThrown(error);
      logger.warn(
        `the retry function of ${definition.name} threw ${name}: ${redactText(message)}. Until it decides, the default delays hold.`,
      );
      return new AttemptFailure(
        'retrying',
        thrown,
        attempt,
        now,
        retryDelay(toRetryPolicy(check, 'retry', undefined), attempt, new Error()) || 0,
      );
    }
  }
}
