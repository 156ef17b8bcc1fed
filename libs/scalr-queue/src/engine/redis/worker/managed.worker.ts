import { DelayedError, type Job, type Span, WaitingError } from 'bullmq';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EngineWorker, RunJob, WorkerHooks, WorkerSettings } from '../../engine-worker.js';
import { describeThrown, isInstance } from '../../failure.js';
import { Deferred, HandBack, Postponed, Released } from '../../run-ends.js';
import { SlotMap } from '../../slot.map.js';
import type { StoredJob } from '../../stored-job.js';
import { isLockLost } from '../connection/lost-lock.js';
import { DRAIN_DELAY_SECONDS } from '../connection/redis.client.js';
import { isRefusal } from '../connection/redis-error.js';
import { fromEngineError, toEngineError } from './engine-ends.js';
import { LeftRuns } from './left-runs.js';
import { LoopingWorker } from './looping.worker.js';
import { LockRenewals } from './lock.renewals.js';
import { OutcomeRetries } from './outcome.retries.js';
import { answerPing, isPing } from './pong.js';
import { disconnectQuietly } from './quiet-disconnect.js';
import { completedOutcome, failedOutcome, hasComeBack, isSameAttempt, repeatOutcome } from './run-outcome.js';
import { StandBack } from './stand-back.js';
import { REFUSAL_PAUSE } from './until-accepted.js';
import { tellHooks } from './worker-events.js';
import { type NativeOptions, workerOptions } from './worker-options.js';
import type { WorkerParts } from './worker.parts.js';

const RELEASED = Symbol('released');

interface Held {
  readonly job: Job;
  readonly end: () => void;
  readonly outcome: Promise<unknown>;
}

/**
 * BullMQ's worker under our rules: it leaves a Redis alone that refuses, keeps at the outcome of a job until Redis takes it, and at the
 * end of a shutdown releases its jobs to the queue instead of leaving them to be found after their lock has expired.
 */
export class ManagedWorker extends LoopingWorker implements EngineWorker {
  private readonly standBack: StandBack;
  private readonly renewals: LockRenewals;
  private readonly retries: OutcomeRetries;
  /** The jobs that run, and what ends each early when it has no more time. */
  private readonly held = new SlotMap<string, Held>();
  private readonly left: LeftRuns<Held>;
  /** Runs that have to stop, as another one has their job: how they end is of no account. */
  private readonly overtaken = new WeakSet<Job>();

  /** @param native what a `@Processor` class asks for; ours wins */
  constructor(
    queue: string,
    run: RunJob,
    private readonly settings: WorkerSettings,
    private readonly hooks: WorkerHooks,
    private readonly parts: WorkerParts,
    native?: NativeOptions,
  ) {
    // Upstream: BullMQ hands over a signal only to functions that declare three parameters.
    const guarded =
      run.length < 3
        ? (job: Job, token?: string) => this.guard(job, token, undefined, run)
        : (job: Job, token?: string, signal?: AbortSignal) => this.guard(job, token, signal, run);
    const options = workerOptions(parts, queue, settings.concurrency, native);
    const { log, producer } = parts.connections;
    super(queue, guarded, options, producer, hooks);
    const isBatched = this.batchCompletions(parts);
    disconnectQuietly(this.backend);
    this.standBack = new StandBack(this, hooks.drain);
    // Classes of @nestjs/bullmq rely on the order and the events of the engine's own loop.
    if (isBatched && !native && run.length < 3) this.useLoop(parts, hooks, this.standBack);
    this.lookAfterQueue(parts);
    this.renewals = new LockRenewals(parts, hooks);
    this.left = new LeftRuns(parts.app.worker.lockDuration);
    this.retries = new OutcomeRetries(parts.locks, this.renewals, hooks, {
      keepLock: (id, token) => this.lockManager.trackJob(id, token, Date.now()),
      dropLock: (id) => this.lockManager.untrackJob(id),
      refused: (error) => this.emit('error', error),
      lost: (job) => this.lostAtEnd(job),
      leave: ({ id = '' }) => this.left.add(id, this.held.get(id)),
    });
    this.on('error', (error) => {
      // A lost lock is not the fault of Redis, and has a line of its own.
      if (!isLockLost(error)) log.trouble(error);
    });
    tellHooks(this, hooks, parts.counts);
    const endAll = () => {
      for (const { end } of this.held.values()) end();
    };
    hooks.force.addEventListener('abort', endAll, { once: true });
  }

  get runningCount(): number {
    return this.held.size;
  }

  *runningJobs(): Iterable<StoredJob> {
    for (const { job } of this.held.values()) yield job;
  }

  get accepting(): boolean {
    return this.isRunning() && !this.closing && !this.refused;
  }

  start(): void {
    this.run().catch((error: Error) => this.parts.connections.log.trouble(error));
  }

  leave(): void {
    this.close = () => Promise.resolve();
  }

  cancelRun(storedId: string, reason: string): void {
    this.cancelJob(storedId, reason);
  }

  override async extendJobLocks(ids: string[], tokens: string[], duration: number): Promise<string[]> {
    const jobOf = (id: string) => this.held.get(id)?.job ?? this.unstarted(id);
    const lost = await this.renewals.renew(ids, jobOf, () => super.extendJobLocks(ids, tokens, duration));
    // Not the engine's way, which adds an error for each, as if Redis were in trouble.
    for (const id of lost) this.loseLock(id);
    if (lost.length > 0) this.emit('lockRenewalFailed', lost);
    return [];
  }

  /** With a delayed job in sight the engine would block for ten seconds, longer than the silence that a connection survives. */
  override get maximumBlockTimeout(): number {
    return DRAIN_DELAY_SECONDS;
  }

  /** Upstream: BullMQ asks again at once when Redis refuses: tens of thousands of times a second. */
  protected override async moveToActive(token: string, name?: string): Promise<Job> {
    await this.standBack.wait();
    // Upstream: asked before a wait, and not after it. A job that was just released would be taken again.
    if (this.closing) return undefined as never;
    try {
      const job = await super.moveToActive(token, name);
      this.refused = false;
      return job;
    } catch (error) {
      this.refused = isRefusal(error);
      await sleep(REFUSAL_PAUSE, undefined, { signal: this.hooks.drain, ref: false }).catch(() => undefined);
      throw error;
    }
  }

  protected override handleCompleted(
    ...args: [result: unknown, job: Job, token: string, fetchNext?: () => boolean, span?: Span]
  ): Promise<Job> {
    const [result, job, token] = args;
    if (!isPing(job) && !this.announced.delete(job)) this.hooks.ending(job);
    const write = () => this.parts.locks.givingUp(job, () => super.handleCompleted(...args));
    const ended = () => completedOutcome(job, result, Date.now());
    return write()
      .catch((error: unknown) => this.retries.write(error, job, token, write, ended))
      .finally(() => this.letGo(job));
  }

  protected override handleFailed(
    ...args: [error: Error, job: Job, token: string, fetchNext?: () => boolean, span?: Span]
  ): Promise<Job> {
    const [thrown, job, token, ...rest] = args;
    const failure = toEngineError(thrown);
    const write = () =>
      this.parts.locks.givingUp(job, () => super.handleFailed(failure, job, token, ...rest));
    const ended = () => failedOutcome(job, failure, Date.now());
    return this.beforeFailed(failure, job, token)
      .then((isOurs) => (isOurs ? write() : (undefined as never)))
      .catch((error: unknown) => this.retries.write(error, job, token, write, ended))
      .finally(() => this.letGo(job));
  }

  /** Whether there is a failure to write: not of a run whose job another one has, or whose snooze, say, came too late. */
  private async beforeFailed(failure: Error, job: Job, token: string): Promise<boolean> {
    if (this.overtaken.has(job)) return false;
    if (isLockLost(failure)) {
      this.reportLost(job);
      return false;
    }
    if (failure instanceof DelayedError || failure instanceof WaitingError) return true;
    if (this.hooks.dying && !isPing(job) && !(await this.isAnnounced(failure, job, token))) return false;
    if (!isPing(job)) this.hooks.ending(job);
    if (job.deferredFailure === undefined) await this.parts.counts.forgive(job, token);
    return true;
  }

  /** Whether those who follow up deaths know of it, and the job is still ours: BullMQ has let go of a lock that an outage may outlast. */
  private async isAnnounced(failure: Error, job: Job, token: string): Promise<boolean> {
    this.lockManager.trackJob(job.id ?? '', token, Date.now());
    try {
      if (await this.hooks.dying!(job, failure)) return !this.overtaken.has(job);
      this.hooks.unsettled(job);
      return false;
    } finally {
      this.lockManager.untrackJob(job.id ?? '');
    }
  }

  private guard(
    job: Job,
    token: string | undefined,
    signal: AbortSignal | undefined,
    processor: RunJob,
  ): Promise<unknown> {
    const fault = this.faultOf(job);
    // Fetched with the completion of another job just before the shutdown began.
    if (this.hooks.drain.aborted) return this.release(job, token, false);
    if (fault) return this.bury(job, token, fault);
    if (isPing(job)) return answerPing(this.parts, job);
    const held = this.held.get(job.id ?? '') ?? this.left.take(job.id ?? '');
    if (held && (isSameAttempt(held.job, job) || hasComeBack(held.job, job)))
      return this.join(held, job, token);
    const attempt = () => this.attempt(job, token, signal, processor);
    if (this.settings.handles?.(job.name) === false) return attempt();
    const run = () => this.hooks.attempt(job, attempt);
    if (!job.stalledCounter) return run();
    return this.parts.locks.endedBefore(job).then((ended) => {
      return ended === undefined ? run() : repeatOutcome(job, ended, Date.now());
    });
  }

  /** The run that is under way is that of this job too, which is the one to be ended. */
  private async join(held: Held, job: Job, token: string | undefined): Promise<unknown> {
    this.held.set(job.id ?? '', { ...held, job });
    const ended = await held.outcome;
    return ended === RELEASED ? this.release(job, token, true) : ended;
  }

  /** Another worker may run the job already: its run is to stop as soon as possible. */
  private loseLock(storedId: string): void {
    const job = this.held.get(storedId)?.job;
    if (!job) return this.dropUnstarted(storedId);
    this.overtaken.add(job);
    this.reportLost(job, true);
  }

  private lostAtEnd(job: Job): void {
    // Else the same job was taken here, by a fetch of this very worker: that one writes the outcome.
    const { job: current = job } = this.held.get(job.id ?? '') ?? {};
    if (current === job) this.reportLost(job);
  }

  private reportLost(job: Job, isRunning = false): void {
    this.hooks.lockLost(job, this.renewals.causeOf(job), isRunning);
  }

  protected letGo(job: Job): void {
    const id = job.id ?? '';
    if (this.held.get(id)?.job === job) this.held.delete(id);
  }

  protected leaving(storedId: string): Promise<unknown> | undefined {
    const held = this.held.get(storedId);
    return held && this.parts.locks.isGivenUp(held.job) ? held.outcome.catch(() => undefined) : undefined;
  }

  private async attempt(
    job: Job,
    token: string | undefined,
    signal: AbortSignal | undefined,
    processor: RunJob,
  ): Promise<unknown> {
    const { hooks } = this;
    const id = job.id ?? '';
    try {
      let end = (): void => undefined;
      const outcome = new Promise<unknown>((resolve, reject) => {
        end = () => resolve(RELEASED);
        if (this.settings.handles?.(job.name) !== false) hooks.started(job);
        const run = processor(job, token, signal);
        hooks.ran(job);
        run.then(resolve, (thrown) => (isInstance(thrown, HandBack) ? end() : reject(thrown)));
      });
      this.held.set(id, { job, end, outcome });
      const ended = await outcome;
      hooks.ran(job);
      if (ended !== RELEASED) return ended;
      this.cancelJob(id, 'the worker is shutting down');
      return await this.release(job, token, hooks.hasBegun(job));
    } catch (thrown) {
      const error = fromEngineError(thrown);
      hooks.ran(job);
      // It is back in its queue, where this very worker may take it.
      if (error instanceof Postponed || error instanceof Released) this.letGo(job);
      if (error instanceof Deferred) this.standBack.until = Date.now() + error.standBack;
      if (error instanceof Deferred ? error.isFirst : error instanceof Postponed) hooks.deferred(job);
      // BullMQ reads the message of whatever a class of @nestjs/bullmq throws, also of null.
      throw isInstance(error, Error) ? error : new Error(describeThrown(error).message);
    } finally {
      hooks.ended(job);
    }
  }

  /** To the front of the queue, with no attempt used. */
  private async release(job: Job, token: string | undefined, hasBegun: boolean): Promise<never> {
    const { counts, locks } = this.parts;
    if (!isPing(job)) this.hooks.unsettled(job);
    if (!hasBegun) await counts.noteIdle(job, token);
    await locks.holding(job, token, () => job.moveToWait(token));
    if (!isPing(job)) this.hooks.released(job);
    throw new Released();
  }
}
