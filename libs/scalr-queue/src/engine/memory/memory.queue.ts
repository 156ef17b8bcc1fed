import { parseFailure } from '../failure.js';
import { readMeta } from '../job-meta.js';
import { RESULT_GRACE } from '../../contract/defaults.js';
import { conflictOf, type PreparedJob } from '../prepared-job.js';
import { MemoryClaims } from './memory.claims.js';
import { MemoryJob, type MemoryState } from './memory.job.js';
import type { Clock } from '../../config/clock.js';

/** What became of an attempt to add a job. */
export interface Added {
  /** A job that is gone has nothing but its id. */
  readonly job: Pick<MemoryJob, 'id'>;
  /** The job, where it is new or has a new payload. */
  readonly stored?: MemoryJob;
  readonly status: 'created' | 'duplicate' | 'replaced' | 'rerun';
}

/** Whom the state of a queue concerns. */
interface QueueListener {
  ended(job: MemoryJob): void;
  /** There may be a job to take, now or at another time than before. */
  changed(): void;
}

/** One queue with its jobs, by the rules of the engine. */
export class MemoryQueue {
  paused = false;
  readonly jobs = new Map<string, MemoryJob>();
  private readonly claims: MemoryClaims;
  private order = 0;

  constructor(
    readonly name: string,
    private readonly clock: Clock,
    private readonly listener: QueueListener,
  ) {
    this.claims = new MemoryClaims(clock);
  }

  add(prepared: PreparedJob): Added {
    const id = prepared.options.jobId;
    if (this.jobs.has(id) || this.claims.remembers(id)) return { job: { id }, status: 'duplicate' };
    const job = new MemoryJob(prepared, this.order++);
    const holderId = this.claims.holderOf(job);
    if (holderId === undefined) return this.insert(job, 'created');
    const holder = this.jobs.get(holderId);
    const conflict = conflictOf(prepared);
    if (conflict === 'rerun' && holder && !holder.finished) return this.rerun(job, holder);
    if (
      conflict === 'replace' &&
      holder?.state === 'delayed' &&
      holder.attemptsStarted <= holder.idleStarts
    ) {
      this.jobs.delete(holder.id);
      return this.insert(job, 'replaced');
    }
    // A window outlives the job; who asks is still told its id.
    return { job: { id: holderId }, status: 'duplicate' };
  }

  /** Whether a job with this id has ended, though it may be gone. */
  remembers(id: string): boolean {
    return this.claims.remembers(id);
  }

  /** Id of another job that holds the unique key of a dead one. */
  holderOf(job: MemoryJob): string | undefined {
    const holder = this.claims.holderOf(job);
    return holder === job.id ? undefined : holder;
  }

  private insert(job: MemoryJob, status: Added['status']): Added {
    if (job.delay > 0) job.putAside(job.timestamp + job.delay);
    this.jobs.set(job.id, job);
    this.claims.hold(job);
    this.listener.changed();
    return { job, stored: job, status };
  }

  /** One more run after the one that is under way; a job that waits takes over the payload. */
  private rerun(job: MemoryJob, holder: MemoryJob): Added {
    const next = this.claims.follower(job);
    const waits = next ?? (holder.state === 'active' ? undefined : holder);
    if (waits) {
      waits.takeOver(job);
      return { job: waits, stored: waits, status: next ? 'rerun' : 'replaced' };
    }
    job.neverExpires();
    this.jobs.set(job.id, job);
    this.claims.follow(job);
    return { job, stored: job, status: 'rerun' };
  }

  hold(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.listener.changed();
  }

  /** The job that comes next, of those whose time has come. */
  take(): MemoryJob | undefined {
    this.promote();
    if (this.paused) return undefined;
    const [next] = this.line();
    if (!next) return undefined;
    next.state = 'active';
    next.attemptsStarted++;
    next.processedOn = this.clock.now();
    return next;
  }

  /** The jobs that wait, the next one first. */
  line(): MemoryJob[] {
    return this.in('waiting')
      .filter((job) => !this.claims.follows(job))
      .toSorted((a, b) => (a.opts.priority ?? 0) - (b.opts.priority ?? 0) || a.order - b.order);
  }

  complete(job: MemoryJob, result: unknown): void {
    job.returnvalue = result === undefined ? null : (JSON.parse(JSON.stringify(result)) as unknown);
    job.attemptsMade++;
    this.finish(job, 'completed');
  }

  /** @param retryDelay milliseconds until the next attempt; left out when there is none */
  fail(job: MemoryJob, error: Error, retryDelay?: number): void {
    job.attemptsMade++;
    this.note(job, error);
    if (retryDelay === undefined) return this.finish(job, 'failed');
    job.delay = retryDelay;
    if (retryDelay > 0) job.putAside(this.clock.now() + retryDelay);
    else this.putBack(job);
  }

  /** A job that runs waits again in its old place, which is before all that came after it. */
  untake(job: MemoryJob): void {
    job.state = 'waiting';
    this.listener.changed();
  }

  /** Ends a job that does not run. */
  bury(job: MemoryJob, reason: string): void {
    job.failedReason = reason;
    this.finish(job, 'failed');
  }

  /** Lets a dead job start all over. */
  revive(job: MemoryJob): void {
    job.attemptsMade = 0;
    job.attemptsStarted = 1;
    job.idleStarts = 0;
    for (const effect of job.effects.values()) effect.retried = effect.dead;
    delete job.finishedOn;
    delete job.processedOn;
    delete job.failedReason;
    this.putBack(job);
    this.claims.hold(job);
  }

  /** Forgets all but what runs and the pending slots of schedules. */
  clear(): void {
    this.paused = false;
    this.claims.clear();
    for (const job of this.jobs.values()) {
      const isSlot = readMeta(job.opts).slot !== undefined && job.state === 'delayed';
      if (!isSlot && job.state !== 'active') this.remove(job.id);
    }
  }

  remove(id: string): void {
    const job = this.jobs.get(id);
    if (job) this.release(job, true);
    this.jobs.delete(id);
  }

  in(state: MemoryState): MemoryJob[] {
    return [...this.jobs.values()].filter((job) => job.state === state);
  }

  /** Jobs that wait or are delayed. */
  get size(): number {
    return this.in('waiting').length + this.in('delayed').length;
  }

  /** When the next delayed job may start; `Infinity` when there is none. */
  get nextDue(): number {
    return Math.min(Infinity, ...this.in('delayed').map(({ runAt = Infinity }) => runAt));
  }

  /** Those whose time has come wait from now on, in the order of their times. */
  private promote(): void {
    const due = this.in('delayed').filter(({ runAt = Infinity }) => runAt <= this.clock.now());
    for (const job of due.toSorted((a, b) => a.runAt! - b.runAt! || a.order - b.order)) this.putLast(job);
  }

  /** Its time has come, whatever it was. */
  promoteNow(job: MemoryJob): void {
    job.delay = 0;
    this.putBack(job);
  }

  private putBack(job: MemoryJob): void {
    this.putLast(job);
    this.listener.changed();
  }

  private putLast(job: MemoryJob): void {
    job.state = 'waiting';
    job.order = this.order++;
    delete job.runAt;
  }

  private note(job: MemoryJob, error: Error): void {
    job.failedReason = error.message;
    job.stacktrace = [...job.stacktrace, error.stack ?? ''].slice(-(job.opts.stackTraceLimit ?? Infinity));
  }

  private finish(job: MemoryJob, state: 'completed' | 'failed'): void {
    job.state = state;
    job.finishedOn = this.clock.now();
    delete job.runAt;
    delete job.deferredFailure;
    this.claims.unfollow(job);
    this.claims.remember(job);
    this.release(job, parseFailure(job.failedReason ?? '').kind === 'cancelled');
    this.tidy(state, job);
    this.listener.ended(job);
  }

  /** Each job by the rule of its definition; one whose caller waits for its end stays for a moment. */
  private tidy(state: 'completed' | 'failed', { id, name, opts, keep }: MemoryJob): void {
    const { age, count } = keep[state];
    const finished = this.in(state)
      .filter((job) => job.name === name)
      .toSorted((a, b) => b.finishedOn! - a.finishedOn! || b.order - a.order);
    for (const [place, job] of finished.entries()) {
      const sinceEnd = this.clock.now() - job.finishedOn!;
      const isWaited = readMeta(job.opts).waited === true && sinceEnd < RESULT_GRACE;
      if (sinceEnd > age || (place >= count && !isWaited)) this.jobs.delete(job.id);
    }
    // Whoever ran it may have said that it is not kept at all.
    if ((state === 'completed' ? opts.removeOnComplete : opts.removeOnFail) === true) this.jobs.delete(id);
  }

  private release(job: MemoryJob, anyway: boolean): void {
    const next = this.claims.release(job, anyway);
    if (!next) return;
    next.timestamp = this.clock.now();
    next.order = this.order++;
    this.insert(next, 'rerun');
  }
}
