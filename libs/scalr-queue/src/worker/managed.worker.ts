import { DelayedError, type Job, type Span, WaitingError, Worker, type WorkerOptions } from 'bullmq';
import { setTimeout as sleep } from 'node:timers/promises';
import { DRAIN_DELAY_SECONDS } from '../connection/redis.client.js';
import { isRefusal } from '../connection/redis-error.js';
import { describeThrown, isInstance } from '../jobs/failure.js';
import { inJob } from '../observability/job-scope.js';
import type { Retention } from '../retention/retention.service.js';
import type { Tracing } from '../tracing/tracing.js';
import type { JobEventSource } from './job-event.source.js';
import { isLockLost } from './lost-lock.js';
import { PingResponder } from './ping.responder.js';
import { PutAside } from './put-aside.js';
import type { ShutdownGate } from './shutdown.gate.js';

/** Runs one job; the signal aborts when it must stop. */
export interface ManagedProcessor {
  (job: Job, token: string | undefined, signal: AbortSignal | undefined): Promise<unknown>;
  /** Whether jobs of that name are run, and not put aside. Left out where all are. */
  handles?(name: string): boolean;
}

/** How long to leave a Redis alone that refuses (out of memory, read only, disk full, missing permission). */
const REFUSAL_PAUSE = 1_000;

/** How often a worker that stands back looks whether others keep up. */
const LOOK_ON = 50;

/** The part of the engine's connection that its own type leaves out. */
interface ListReader {
  llen(key: string): Promise<number>;
  zcard(key: string): Promise<number>;
}

const HANDED_BACK = Symbol('handed back');

/**
 * The engine's worker under our rules: it starts when told, leaves a Redis alone that refuses, keeps at the outcome of a job
 * until Redis takes it, and at the end of a shutdown gives its jobs back to the queue instead of leaving them to be found
 * after their lock has expired.
 */
export class ManagedWorker extends Worker {
  /** Whether Redis refused the last attempt to fetch a job. */
  refused = false;
  /** Until then (epoch milliseconds) other workers are to have what comes into the queue. */
  private standBackUntil = 0;
  /** The jobs that run, and what ends each early when there is no more patience. */
  private readonly inHand = new Map<string, { readonly job: Job; readonly end: () => void }>();

  constructor(
    queue: string,
    processor: ManagedProcessor,
    options: WorkerOptions,
    private readonly gate: ShutdownGate,
    private readonly events: JobEventSource,
    private readonly pings: PingResponder,
    private readonly tracing: Tracing,
    private readonly retention: Retention,
  ) {
    // The engine hands over a signal only to functions that declare three parameters.
    const guarded =
      processor.length < 3
        ? (job: Job, token?: string) => this.guard(job, token, undefined, processor)
        : (job: Job, token?: string, signal?: AbortSignal) => this.guard(job, token, signal, processor);
    super(queue, guarded, { ...options, autorun: false });
    events.attach(this);
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
    if (held) this.events.lockLost(held.job);
  }

  /** With a delayed job in sight the engine would block for ten seconds, longer than the silence that a connection survives. */
  override get maximumBlockTimeout(): number {
    return DRAIN_DELAY_SECONDS;
  }

  /** The engine asks again at once when Redis refuses: tens of thousands of times a second. */
  protected override async moveToActive(token: string, name?: string): Promise<Job> {
    await this.standBack();
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
    this.retention.settle(args[1]);
    const write = () => super.handleCompleted(...args);
    return write().catch((error: unknown) => this.untilTaken(error, args[1], args[2], write));
  }

  protected override handleFailed(
    ...args: [error: Error, job: Job, token: string, fetchNext?: () => boolean, span?: Span]
  ): Promise<Job> {
    this.retention.settle(args[1]);
    const write = () => super.handleFailed(...args);
    return write().catch((error: unknown) => this.untilTaken(error, args[1], args[2], write));
  }

  /** The engine takes a refused completion for a failure of the job, and drops a refused failure: the job would run again. */
  private async untilTaken<T>(
    refusal: unknown,
    job: Job,
    token: string,
    write: () => Promise<T>,
  ): Promise<T> {
    const id = job.id ?? '';
    let error = refusal;
    if (isLockLost(error)) this.events.lockLost(job);
    try {
      for (;;) {
        if (!isRefusal(error) || this.gate.patience.aborted) throw error;
        this.emit('error', error as Error);
        // The engine has let go of the lock; keep it while we try.
        this.lockManager.trackJob(id, token, Date.now());
        await sleep(REFUSAL_PAUSE, undefined, { signal: this.gate.patience }).catch(() => undefined);
        try {
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
    // Fetched with the completion of another job just before the shutdown began.
    if (this.gate.draining) return this.handBack(job, token);
    if (PingResponder.isPing(job)) return this.pings.answer(job);
    if (processor.handles?.(job.name) === false) return this.attempt(job, token, signal, processor);
    return this.tracing.attempt(job, () => this.attempt(job, token, signal, processor));
  }

  private async attempt(
    job: Job,
    token: string | undefined,
    signal: AbortSignal | undefined,
    processor: ManagedProcessor,
  ): Promise<unknown> {
    const { gate } = this;
    const id = job.id ?? '';
    try {
      const outcome = await new Promise<unknown>((resolve, reject) => {
        this.inHand.set(id, { job, end: () => resolve(HANDED_BACK) });
        // What it is made of when only its id was left in the queue.
        if ((job.name as string | undefined) === undefined && job.attemptsStarted <= 1)
          this.events.dataMissing(job);
        if (processor.handles?.(job.name) !== false) this.events.started(job);
        const run = inJob(
          job,
          () => processor(job, token, signal),
          (it) => this.tracing.traceId(it),
        );
        run.then(resolve, reject);
      });
      if (outcome !== HANDED_BACK) return outcome;
      this.cancelJob(id, 'the worker is shutting down');
      return await this.handBack(job, token);
    } catch (error) {
      if (error instanceof PutAside) this.standBackUntil = Date.now() + error.standBack;
      // A job that is offered again and again is told of once.
      if (error instanceof PutAside ? error.isFirst : error instanceof DelayedError)
        this.events.postponed(job);
      // The engine reads the message of whatever a class of @nestjs/bullmq throws, also of null.
      throw isInstance(error, Error) ? error : new Error(describeThrown(error).message);
    } finally {
      this.inHand.delete(id);
      if (gate.draining && !gate.patience.aborted) gate.ledger.finished++;
    }
  }

  /**
   * Lets those have a job that this worker has just put aside: its time would come here as well, and it would take the job again.
   * It looks on, and goes back to work where other jobs wait and nobody takes them.
   */
  private async standBack(): Promise<void> {
    let waited = false;
    while (Date.now() < this.standBackUntil && !this.gate.draining) {
      const client = (await this.getBackend().client) as unknown as ListReader;
      const lists = await Promise.all([
        client.llen(this.toKey('wait')),
        client.zcard(this.toKey('prioritized')),
      ]);
      const waits = lists.some((length) => length > 0);
      if (waits && waited) return;
      waited = waits;
      await sleep(LOOK_ON, undefined, { signal: this.gate.drainSignal, ref: false }).catch(() => undefined);
    }
  }

  /** To the front of the queue, with no attempt used. */
  private async handBack(job: Job, token: string | undefined): Promise<never> {
    const { ledger } = this.gate;
    ledger.abandoned++;
    await job.moveToWait(token);
    ledger.abandoned--;
    ledger.handedBack++;
    this.events.handedBack(job);
    throw new WaitingError();
  }
}
