import { attemptBackoff } from '../attempt-failure.js';
import type { EngineWorker, RunJob, WorkerHooks, WorkerSettings } from '../engine-worker.js';
import { describeThrown, isInstance } from '../failure.js';
import { Deferred, HandBack, Postponed, Released } from '../run-ends.js';
import type { StoredJob } from '../stored-job.js';
import type { MemoryJob } from './memory.job.js';
import type { MemoryQueue } from './memory.queue.js';
import type { MemoryQueues } from './memory.queues.js';

/** What became of a job that was taken. */
export type RunEnd = 'completed' | 'retrying' | 'dead' | 'postponed' | 'released';

/** A job that was taken, and what becomes of it. */
export interface TakenJob {
  readonly job: MemoryJob;
  readonly ended: Promise<RunEnd>;
}

/** What an error is called that leaves the job dead, whatever attempts it has left. */
const GIVES_UP = 'UnrecoverableError';
const RELEASED = Symbol('released');

interface Held {
  readonly end: () => void;
  readonly signal: AbortController;
}

/**
 * A worker of a queue in the memory of the process. It has no locks: nothing else can take what it runs, and what kills it takes the
 * jobs along. So no lock is lost, no job stalls, and no data is missing.
 */
export class MemoryWorker implements EngineWorker {
  private readonly queue: MemoryQueue;
  private readonly held = new Map<MemoryJob, Held>();
  private started = false;
  private closing = false;
  private left: () => void = () => undefined;
  private readonly whenLeft = new Promise<void>((resolve) => (this.left = resolve));
  private idle: () => void = () => undefined;
  private cancelTimer: () => void = () => undefined;
  private waking = false;

  /** @param concurrency jobs at a time; 0 for a worker that takes a job only when it is asked to */
  constructor(
    private readonly memory: MemoryQueues,
    readonly name: string,
    private readonly code: RunJob,
    private readonly settings: WorkerSettings,
    private readonly hooks: WorkerHooks,
    private readonly concurrency: number,
  ) {
    this.queue = memory.get(name);
    const endAll = () => {
      for (const { end } of this.held.values()) end();
    };
    hooks.force.addEventListener('abort', endAll, { once: true });
  }

  get accepting(): boolean {
    return this.started && !this.closing && this.memory.works;
  }

  get runningCount(): number {
    return this.held.size;
  }

  runningJobs(): Iterable<StoredJob> {
    return this.held.keys();
  }

  start(): void {
    this.started = true;
    this.memory.workers.add(this);
    this.wake();
  }

  async close(): Promise<void> {
    this.closing = true;
    this.cancelTimer();
    this.memory.workers.delete(this);
    const ended = new Promise<void>((resolve) => {
      this.idle = resolve;
      if (this.held.size === 0) resolve();
    });
    await Promise.race([ended, this.whenLeft]);
  }

  leave(): void {
    this.left();
  }

  cancelRun(storedId: string, reason: string): void {
    for (const [{ id }, { signal }] of this.held) if (id === storedId) signal.abort(new Error(reason));
  }

  /** Takes the next job and runs it; undefined when none may start. */
  next(): TakenJob | undefined {
    if (!this.accepting || this.hooks.drain.aborted) return undefined;
    const job = this.queue.take();
    if (!job) return undefined;
    const { deferredFailure } = job;
    const ended =
      deferredFailure === undefined
        ? this.run(job)
        : // It was cancelled while it ran before.
          this.fail(job, Object.assign(new Error(deferredFailure), { name: GIVES_UP }));
    return { job, ended };
  }

  /** In a moment, for whatever calls may be in the middle of a change. */
  wake(): void {
    if (this.waking || this.concurrency === 0) return;
    this.waking = true;
    queueMicrotask(() => {
      this.waking = false;
      this.fill();
    });
  }

  /** Takes what it may, and again when the next delayed job is due. */
  private fill(): void {
    this.cancelTimer();
    while (this.held.size < this.concurrency && this.next());
    const { nextDue } = this.queue;
    if (this.closing || nextDue === Infinity) return;
    const { clock } = this.memory;
    this.cancelTimer = clock.after(Math.max(0, nextDue - clock.now()), () => this.fill());
  }

  private async run(job: MemoryJob): Promise<RunEnd> {
    const { hooks, queue } = this;
    const isHandled = this.settings.handles?.(job.name) !== false;
    const attempt = () => this.attempt(job, isHandled);
    try {
      const result = await (isHandled ? hooks.attempt(job, attempt) : attempt());
      hooks.ending(job);
      queue.complete(job, result);
      hooks.completed(job);
      return 'completed';
    } catch (error) {
      if (error instanceof Released) return 'released';
      return error instanceof Postponed ? 'postponed' : await this.fail(job, error as Error);
    } finally {
      this.held.delete(job);
      if (this.held.size === 0) this.idle();
      this.wake();
    }
  }

  private async attempt(job: MemoryJob, isHandled: boolean): Promise<unknown> {
    const { hooks } = this;
    const signal = new AbortController();
    try {
      const outcome = new Promise<unknown>((resolve, reject) => {
        const end = () => resolve(RELEASED);
        this.held.set(job, { end, signal });
        if (isHandled) hooks.started(job);
        const run =
          this.code.length < 3 ? this.code(job, undefined) : this.code(job, undefined, signal.signal);
        hooks.ran(job);
        run.then(resolve, (thrown) => (isInstance(thrown, HandBack) ? end() : reject(thrown)));
      });
      const ended = await outcome;
      hooks.ran(job);
      if (ended !== RELEASED) return ended;
      signal.abort(new Error('the worker is shutting down'));
      return this.release(job);
    } catch (thrown) {
      hooks.ran(job);
      if (thrown instanceof Deferred ? thrown.isFirst : thrown instanceof Postponed) hooks.deferred(job);
      throw isInstance(thrown, Error) ? thrown : new Error(describeThrown(thrown).message);
    } finally {
      hooks.ended(job);
    }
  }

  private async fail(job: MemoryJob, error: Error): Promise<RunEnd> {
    if (this.hooks.dying) await this.hooks.dying(job, error);
    const attempt = job.attemptsMade + 1;
    const isLast = error.name === GIVES_UP || attempt >= (job.opts.attempts ?? 1);
    this.hooks.ending(job);
    const delay = job.opts.backoff ? attemptBackoff(attempt, undefined, error) : 0;
    this.queue.fail(job, error, isLast ? undefined : delay);
    this.hooks.failed(job, error);
    return isLast ? 'dead' : 'retrying';
  }

  /** To the front of the queue, with no attempt used; its run is left to itself. */
  private release(job: MemoryJob): never {
    this.hooks.unsettled(job);
    if (!this.hooks.hasBegun(job)) job.idleStarts++;
    this.queue.untake(job);
    this.hooks.released(job);
    throw new Released();
  }
}
