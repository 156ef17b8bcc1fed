import { DelayedError, type Job, type Span, WaitingError, type WorkerOptions } from 'bullmq';
import { setTimeout as sleep } from 'node:timers/promises';
import { isLockLost } from '../engine/redis/connection/lost-lock.js';
import { DRAIN_DELAY_SECONDS } from '../engine/redis/connection/redis.client.js';
import { isRefusal } from '../engine/redis/connection/redis-error.js';
import { describeThrown, isInstance } from '../engine/failure.js';
import { Postponed, Released } from '../engine/run-ends.js';
import { inJob } from '../observability/job-scope.js';
import { DamageProofWorker } from '../engine/redis/worker/damage.proof.worker.js';
import { fromEngineError, toEngineError } from '../engine/redis/worker/engine-ends.js';
import type { JobEventSource } from './job-event.source.js';
import { PingResponder } from './ping.responder.js';
import { completedOutcome, failedOutcome, repeatOutcome } from '../engine/redis/worker/run-outcome.js';
import { PutAside } from './put-aside.js';
import type { ShutdownGate } from './shutdown.gate.js';
import { StandBack } from '../engine/redis/worker/stand-back.js';
import { REFUSAL_PAUSE } from '../engine/redis/worker/until-accepted.js';
import type { WorkerParts } from './worker.parts.js';

/** Runs one job; the signal aborts when it must stop. */
export interface ManagedProcessor {
  (job: Job, token: string | undefined, signal: AbortSignal | undefined): Promise<unknown>;
  /** Whether jobs of that name are run, and not put aside. Left out where all are. */
  handles?(name: string): boolean;
}

/** How often a lock that is lost while an outcome is written is taken again. */
const MOST_RECLAIMS = 5;

const HANDED_BACK = Symbol('handed back');

interface Held {
  readonly job: Job;
  readonly end: () => void;
  readonly outcome: Promise<unknown>;
}

/**
 * The engine's worker under our rules: it starts when told, leaves a Redis alone that refuses, keeps at the outcome of a job
 * until Redis takes it, and at the end of a shutdown gives its jobs back to the queue instead of leaving them to be found
 * after their lock has expired.
 */
export class ManagedWorker extends DamageProofWorker {
  /** Whether Redis refused the last attempt to fetch a job. */
  refused = false;
  private readonly standBack: StandBack;
  /** The jobs that run, and what ends each early when there is no more patience. */
  private readonly inHand = new Map<string, Held>();
  /** Runs that were told to stop, as another one has their job: how they end is of no account. */
  private readonly overtaken = new WeakSet<Job>();
  private readonly gate: ShutdownGate;
  private readonly events: JobEventSource;

  constructor(
    queue: string,
    processor: ManagedProcessor,
    options: WorkerOptions,
    private readonly parts: WorkerParts,
  ) {
    // The engine hands over a signal only to functions that declare three parameters.
    const guarded =
      processor.length < 3
        ? (job: Job, token?: string) => this.guard(job, token, undefined, processor)
        : (job: Job, token?: string, signal?: AbortSignal) => this.guard(job, token, signal, processor);
    const onMissing = (job: Job) => parts.events.dataMissing(job);
    super(queue, guarded, { ...options, autorun: false }, parts.redis, onMissing);
    const { gate, events, blocks } = parts;
    this.gate = gate;
    this.standBack = new StandBack(this, gate.drainSignal);
    this.events = events;
    events.attach(this);
    blocks.watch(() => [...this.inHand.values()].map(({ job }) => job));
    const giveUp = () => {
      for (const { end } of this.inHand.values()) end();
    };
    gate.patience.addEventListener('abort', giveUp, { once: true });
  }

  /** Jobs that run in this worker at this moment. */
  get runningCount(): number {
    return this.inHand.size;
  }

  /** The lock of a job that runs here is gone. */
  loseLock(storedId: string): void {
    const held = this.inHand.get(storedId);
    if (!held) return;
    this.overtaken.add(held.job);
    this.tellLost(held.job);
  }

  override async extendJobLocks(ids: string[], tokens: string[], duration: number): Promise<string[]> {
    const jobOf = (id: string) => this.inHand.get(id)?.job;
    const extend = () => super.extendJobLocks(ids, tokens, duration);
    const lost = await this.parts.renewals.renew(ids, jobOf, extend);
    // Not the engine's way, which adds an error for each, as if Redis were in trouble.
    if (lost.length > 0) this.emit('lockRenewalFailed', lost);
    return [];
  }

  /** With a delayed job in sight the engine would block for ten seconds, longer than the silence that a connection survives. */
  override get maximumBlockTimeout(): number {
    return DRAIN_DELAY_SECONDS;
  }

  /** The engine asks again at once when Redis refuses: tens of thousands of times a second. */
  protected override async moveToActive(token: string, name?: string): Promise<Job> {
    await this.standBack.wait();
    try {
      const job = await super.moveToActive(token, name);
      this.refused = false;
      return job;
    } catch (error) {
      this.refused = isRefusal(error);
      await sleep(REFUSAL_PAUSE, undefined, { signal: this.gate.drainSignal, ref: false }).catch(
        () => undefined,
      );
      throw error;
    }
  }

  protected override handleCompleted(
    ...args: [result: unknown, job: Job, token: string, fetchNext?: () => boolean, span?: Span]
  ): Promise<Job> {
    const [result, job, token] = args;
    this.parts.retention.settle(job);
    const write = () => super.handleCompleted(...args);
    const ended = () => completedOutcome(job, result, Date.now());
    return write()
      .catch((error: unknown) => this.untilTaken(error, job, token, write, ended))
      .finally(() => this.letGo(job));
  }

  protected override handleFailed(
    ...args: [error: Error, job: Job, token: string, fetchNext?: () => boolean, span?: Span]
  ): Promise<Job> {
    const [thrown, job, token, ...rest] = args;
    const failure = toEngineError(thrown);
    this.parts.retention.settle(job);
    const write = () => super.handleFailed(failure, job, token, ...rest);
    const ended = () => failedOutcome(job, failure, Date.now());
    return this.beforeFailed(failure, job, token)
      .then((isOurs) => (isOurs ? write() : (undefined as never)))
      .catch((error: unknown) => this.untilTaken(error, job, token, write, ended))
      .finally(() => this.letGo(job));
  }

  /** Whether there is a failure to write: not of a run whose job another one has. */
  private async beforeFailed(failure: Error, job: Job, token: string): Promise<boolean> {
    if (this.overtaken.has(job)) return false;
    if (isLockLost(failure)) {
      // Its snooze, say, came too late.
      this.tellLost(job);
      return false;
    }
    const isPostponed = failure instanceof DelayedError || failure instanceof WaitingError;
    if (!isPostponed && job.deferredFailure === undefined) await this.parts.counts.forgive(job, token);
    return true;
  }

  /**
   * The engine takes a refused completion for a failure of the job, and drops a refused failure: the job would run again. A
   * lock that is gone is taken again where nobody else has the job; else there is no outcome to write.
   */
  private async untilTaken<T>(
    refusal: unknown,
    job: Job,
    token: string,
    write: () => Promise<T>,
    ended: () => string,
  ): Promise<T> {
    const id = job.id ?? '';
    let error = refusal;
    let reclaims = 0;
    try {
      for (;;) {
        const isLost = isLockLost(error) && reclaims < MOST_RECLAIMS;
        if (!isLost && !isRefusal(error)) throw error;
        if (!isLost && this.gate.patience.aborted) {
          // Not thrown: the engine would take it for a failure of the job.
          this.gate.abandon(job);
          return undefined as T;
        }
        if (!isLost) {
          this.emit('error', error as Error);
          this.parts.renewals.refused(job);
          // The engine has let go of the lock; keep it while we try.
          this.lockManager.trackJob(id, token, Date.now());
          await sleep(REFUSAL_PAUSE, undefined, { signal: this.gate.patience }).catch(() => undefined);
        }
        try {
          const state = isLost ? await this.parts.locks.reclaim(job, token, ended()) : 'held';
          // Not before: one that Redis refused is none.
          if (isLost) reclaims++;
          if (state !== 'held') {
            // The same job was taken here, by a fetch of this very worker: that one writes the outcome.
            if (this.inHand.get(id)?.job === job || !this.inHand.has(id)) this.tellLost(job);
            return undefined as T;
          }
          return await write();
        } catch (next) {
          error = next;
        }
      }
    } finally {
      this.lockManager.untrackJob(id);
    }
  }

  private guard(
    job: Job,
    token: string | undefined,
    signal: AbortSignal | undefined,
    processor: ManagedProcessor,
  ): Promise<unknown> {
    const fault = this.faultOf(job);
    // Fetched with the completion of another job just before the shutdown began.
    if (this.gate.draining) return this.handBack(job, token, false);
    if (fault) return this.bury(job, token, fault);
    if (PingResponder.isPing(job)) return this.parts.pings.answer(job);
    const held = this.inHand.get(job.id ?? '');
    if (held && isSameAttempt(held.job, job)) return held.outcome;
    const attempt = () => this.attempt(job, token, signal, processor);
    if (processor.handles?.(job.name) === false) return attempt();
    const run = () => this.parts.tracing.attempt(job, attempt);
    if (!job.stalledCounter) return run();
    return this.parts.locks.endedBefore(job).then((ended) => {
      return ended === undefined ? run() : repeatOutcome(job, ended, Date.now());
    });
  }

  private tellLost(job: Job): void {
    this.events.lockLost(job, this.parts.renewals.causeOf(job));
  }

  /** The outcome of a run is written, or nobody's. */
  private letGo(job: Job): void {
    const id = job.id ?? '';
    if (this.inHand.get(id)?.job === job) this.inHand.delete(id);
  }

  private async attempt(
    job: Job,
    token: string | undefined,
    signal: AbortSignal | undefined,
    processor: ManagedProcessor,
  ): Promise<unknown> {
    const { gate } = this;
    const { blocks, tracing } = this.parts;
    const id = job.id ?? '';
    try {
      let end = (): void => undefined;
      const outcome = new Promise<unknown>((resolve, reject) => {
        end = () => resolve(HANDED_BACK);
        if (processor.handles?.(job.name) !== false) this.events.started(job);
        const run = inJob(
          job,
          () => processor(job, token, signal),
          (it) => tracing.traceId(it),
        );
        blocks.passed(job);
        run.then(resolve, reject);
      });
      this.inHand.set(id, { job, end, outcome });
      const ended = await outcome;
      blocks.passed(job);
      if (ended !== HANDED_BACK) return ended;
      this.cancelJob(id, 'the worker is shutting down');
      return await this.handBack(job, token, this.parts.running.hasBegun(this.name, id));
    } catch (thrown) {
      const error = fromEngineError(thrown);
      blocks.passed(job);
      // It is back in its queue, where this very worker may take it.
      if (error instanceof Postponed || error instanceof Released) this.letGo(job);
      if (error instanceof PutAside) this.standBack.until = Date.now() + error.standBack;
      // A job that is offered again and again is told of once.
      if (error instanceof PutAside ? error.isFirst : error instanceof Postponed) this.events.postponed(job);
      // The engine reads the message of whatever a class of @nestjs/bullmq throws, also of null.
      throw isInstance(error, Error) ? error : new Error(describeThrown(error).message);
    } finally {
      gate.end(job);
    }
  }

  /** To the front of the queue, with no attempt used. */
  private async handBack(job: Job, token: string | undefined, hasBegun: boolean): Promise<never> {
    const { counts, locks } = this.parts;
    this.gate.abandon(job);
    if (!hasBegun) await counts.noteIdle(job, token);
    await locks.holding(job, token, () => job.moveToWait(token));
    this.gate.handBack(job);
    this.events.handedBack(job);
    throw new Released();
  }
}

/** Whether a job was taken anew though it runs, or has just ended, here: the loop was blocked for longer than the lock lives. */
function isSameAttempt(before: Job, now: Job): boolean {
  return before.attemptsMade === now.attemptsMade && now.stalledCounter > before.stalledCounter;
}
