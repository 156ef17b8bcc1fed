import type { Job, JobJson } from 'bullmq';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkerHooks } from '../../engine-worker.js';
import { DRAIN_DELAY_SECONDS } from '../connection/redis.client.js';
import { isRefusal } from '../connection/redis-error.js';
import { queuePrefix, takenAheadKey } from '../keys.js';
import { LOOK_AFTER, PUT_BACK_JOBS } from '../scripts/worker/taken-ahead.scripts.js';
import { DamageProofWorker } from './damage.proof.worker.js';
import { type CompletedJob, FinishCalls, type TakenJob } from './finish.calls.js';
import { JobLoop } from './job.loop.js';
import type { LoopWorker, TakenByEngine } from './loop.worker.js';
import { isPing } from './pong.js';
import { QuickJobs } from './quick.jobs.js';
import type { StandBack } from './stand-back.js';
import { REFUSAL_PAUSE, untilAccepted } from './until-accepted.js';
import type { WorkerParts } from './worker.parts.js';

/** Upstream: what is private to BullMQ's worker, and used here. */
interface Inner {
  mainLoop: () => Promise<void>;
  waitForJob(until: number): Promise<number>;
  retryIfFailed(
    write: () => Promise<unknown>,
    options: { delayInMs: number; onlyEmitError?: boolean },
  ): Promise<unknown>;
  readonly limitUntil: number;
  readonly blockUntil: number;
}

/** BullMQ's worker with {@link JobLoop} in the place of its own loop. */
export abstract class LoopingWorker extends DamageProofWorker {
  /** Whether Redis refused the last attempt to fetch a job. */
  protected refused = false;
  /** Jobs whose end was announced to the hooks before it came to the engine's way of writing it. */
  protected readonly announced = new WeakSet<Job>();
  private loop?: JobLoop;
  /** Aborts when the worker closes. */
  private readonly stopping = new AbortController();
  private engineTokens = 0;
  /** The last wait for a job has ended with none. */
  private waitedInVain = false;
  private readonly quickJobs = new QuickJobs(this);

  /** The outcome of a run is written, or nobody's. */
  protected abstract letGo(job: Job): void;

  /** As of {@link LoopWorker}. */
  protected abstract leaving(storedId: string): Promise<unknown> | undefined;

  /** To be called before the worker runs. */
  protected useLoop(parts: WorkerParts, hooks: WorkerHooks, standBack: StandBack): void {
    const calls = new FinishCalls(this.backend, parts.connections.worker(), this.finishSettings(parts));
    const loop = new JobLoop(this.forLoop(parts, hooks, standBack), calls);
    this.loop = loop;
    // Upstream: `run` starts the loop with this, and `close` and `pause` wait for its end.
    this.inner.mainLoop = () => loop.run();
    this.noteWaits();
    this.on('closing', () => {
      this.stopping.abort();
      loop.wake();
    });
    this.on('resumed', () => loop.wake());
    hooks.drain.addEventListener('abort', () => loop.wake(), { once: true });
  }

  /**
   * Upstream: BullMQ counts a crash of each job that it finds without a lock; not of what had not started. It need not look where
   * nothing is, or was, active.
   */
  protected lookAfterQueue({ connections, app }: WorkerParts): void {
    const { backend } = this;
    const count = backend.moveStalledJobsToWait.bind(backend);
    const keys = [...this.listKeys(), takenAheadKey(app.prefix, this.name), backend.keys['delayed']!];
    backend.moveStalledJobsToWait = async () => {
      const hasJobs = await LOOK_AFTER.run(connections.worker(), keys, [queuePrefix(app.prefix, this.name)]);
      return hasJobs === 1 ? count() : [];
    };
  }

  /** A job that was taken and has not started. */
  protected unstarted(storedId: string): Job | undefined {
    return this.loop?.unstarted(storedId);
  }

  /** Another worker has a job that has not started here. */
  protected dropUnstarted(storedId: string): void {
    this.loop?.drop(storedId);
    this.lockManager.untrackJob(storedId);
  }

  private forLoop(parts: WorkerParts, hooks: WorkerHooks, standBack: StandBack): LoopWorker {
    const isStopped = () => Boolean(this.closing) || this.paused;
    const concurrency = () => this.concurrency;
    return {
      id: this.id,
      lockDuration: parts.app.worker.lockDuration,
      get concurrency() {
        return concurrency();
      },
      get isStopped() {
        return isStopped();
      },
      get isDraining() {
        return hooks.drain.aborted;
      },
      make: (taken, token) => this.makeTaken(taken, token),
      leaving: (storedId) => this.leaving(storedId),
      run: (job) => {
        if (job.deferredFailure !== undefined) return undefined;
        return this.callProcessJob(job, job.token ?? '');
      },
      runByEngine: (job) => this.settled(this.processJob(job, job.token ?? '', () => false)),
      ending: (job, result) => this.endingOf(job, result, parts, hooks),
      completed: (job, result, finishedOn) => {
        // Upstream: as `Job.moveToCompleted` does.
        job.returnvalue = result || undefined;
        job.finishedOn = finishedOn;
        job.attemptsMade += 1;
        this.emit('completed', job, result, 'active');
        this.letGo(job);
      },
      completeAlone: (job, result, isAnnounced) => {
        if (isAnnounced) this.announced.add(job);
        return this.settled(this.completeAlone(job, result));
      },
      fail: (job, error) => this.settled(this.failAlone(job, error)),
      putBack: (jobs) => this.settled(this.putBack(jobs, parts, hooks)),
      answered: (error) => {
        this.refused = error !== undefined && isRefusal(error);
        if (error === undefined) return undefined;
        this.report(error);
        return this.pauseFor(REFUSAL_PAUSE);
      },
      standBack: () =>
        Date.now() < standBack.until ? this.settled(this.letOthers(parts, standBack)) : undefined,
      takeByEngine: () => this.takeByEngine(),
      wait: (due) => this.waitFor(due, parts),
    };
  }

  /**
   * A wait that was in vain is no reason to ask: something that waits has a marker, or gets one when the queue is looked after, unless
   * that is seldom done.
   */
  private async waitFor(due: number, { app }: WorkerParts): Promise<number> {
    this.waitedInVain = false;
    const until = await this.inner.waitForJob(due);
    const isSeldom = app.worker.stalledInterval > DRAIN_DELAY_SECONDS * 1_000;
    return this.waitedInVain && !isSeldom ? due || Infinity : until;
  }

  /** Upstream: the worker tells a marker of a job from no marker by this alone. */
  private noteWaits(): void {
    const { backend } = this;
    const wait = backend.waitForJob.bind(backend);
    backend.waitForJob = async (timeout) => {
      const marker = await wait(timeout);
      this.waitedInVain = !marker;
      return marker;
    };
  }

  /** Upstream: one worker is woken for each marker. What this one was woken for is there for the others. */
  private async letOthers({ connections }: WorkerParts, standBack: StandBack): Promise<void> {
    await connections.worker().zadd(this.backend.keys['marker']!, 0, '0');
    await standBack.wait();
  }

  private makeTaken(
    [, storedId, fields]: TakenJob,
    token: string,
  ): Promise<Job | undefined> | Job | undefined {
    if (!fields) return this.takings.damaged(storedId, token).then(() => undefined);
    const quick = this.quickJobs.make(storedId, fields);
    if (quick) {
      quick.token = token;
      return this.keepLock(quick);
    }
    try {
      const [stored] = this.takings.read([fields, storedId, 0, 0]) as [JobJson];
      if (stored.repeatJobKey !== undefined)
        return this.nextJobFromJobData(stored, storedId, token).then((job) => this.keepLock(job));
      const job = this.createJob(stored, storedId);
      job.token = token;
      return this.keepLock(job);
    } catch (error) {
      // It is found again when its lock has expired.
      this.report(error);
      return undefined;
    }
  }

  private keepLock<J extends Job | undefined>(job: J): J {
    if (job) this.lockManager.trackJob(job.id ?? '', job.token ?? '', job.processedOn ?? Date.now());
    return job;
  }

  private endingOf(
    job: Job,
    result: unknown,
    { locks }: WorkerParts,
    hooks: WorkerHooks,
  ): CompletedJob | undefined {
    const { id = '', token = '', opts } = job;
    if (job.parentKey !== undefined) return undefined;
    let text: string;
    try {
      text = JSON.stringify(result) ?? 'null';
    } catch {
      return undefined;
    }
    if (!isPing(job)) hooks.ending(job);
    const keep = opts.removeOnComplete;
    if (typeof keep !== 'boolean') {
      this.announced.add(job);
      return undefined;
    }
    this.lockManager.untrackJob(id);
    locks.giveUp(job);
    return { id, token, result: text, attempts: job.attemptsMade + 1, isKept: !keep, next: 'apart' };
  }

  /** Upstream: as `processJob` does when the processor has returned. */
  private async completeAlone(job: Job, result: unknown): Promise<void> {
    const complete = () => this.handleCompleted(result, job, job.token ?? '', () => false);
    try {
      await this.write(job, complete, false);
    } catch (error) {
      await this.failAlone(job, error);
    }
  }

  private async failAlone(job: Job, error: unknown): Promise<void> {
    await this.write(job, () => this.handleFailed(error as Error, job, job.token ?? '', () => false), true);
  }

  private async write(job: Job, end: () => Promise<unknown>, onlyEmitError: boolean): Promise<void> {
    const write = () => {
      this.lockManager.untrackJob(job.id ?? '');
      return end();
    };
    await this.inner.retryIfFailed(write, { delayInMs: this.opts.runRetryDelay ?? 0, onlyEmitError });
  }

  private async putBack(
    jobs: readonly Job[],
    { connections, locks, app }: WorkerParts,
    hooks: WorkerHooks,
  ): Promise<void> {
    for (const job of jobs) locks.giveUp(job);
    // Else nobody was told that they were taken.
    const told = hooks.drain.aborted ? jobs.filter((job) => !isPing(job)) : [];
    for (const job of told) hooks.unsettled(job);
    const names = jobs.flatMap(({ id = '', token = '' }) => [id, token]);
    const args = [queuePrefix(app.prefix, this.name), ...names];
    const write = () => PUT_BACK_JOBS.run(connections.worker(), this.listKeys(), args);
    try {
      const done = (await untilAccepted(write, hooks.force)) as number[];
      for (const job of told) if (done[jobs.indexOf(job)] === 1) hooks.released(job);
    } finally {
      for (const { id = '' } of jobs) this.lockManager.untrackJob(id);
    }
  }

  private async takeByEngine(): Promise<TakenByEngine> {
    const token = `${this.id}:engine:${this.engineTokens++}`;
    try {
      const job = (await this.moveToActive(token, this.opts.name)) as Job | undefined;
      const limited = this.inner.limitUntil - Date.now();
      if (job || limited <= 0) return { job: this.keepLock(job), due: this.inner.blockUntil };
      await this.pauseFor(this.getRateLimitDelay(limited));
    } catch (error) {
      this.report(error);
    }
    return {};
  }

  private async settled(write: Promise<unknown>): Promise<void> {
    await write.catch((error: unknown) => this.report(error));
  }

  private async pauseFor(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.stopping.signal, ref: false }).catch(() => undefined);
  }

  private report(error: unknown): void {
    if (!this.closing && !this.paused) this.emit('error', error as Error);
  }

  private listKeys(): string[] {
    const { keys } = this.backend;
    const names = ['wait', 'active', 'prioritized', 'events', 'stalled', 'meta', 'marker'];
    return names.map((name) => keys[name]!);
  }

  private get inner(): Inner {
    return this as unknown as Inner;
  }
}
