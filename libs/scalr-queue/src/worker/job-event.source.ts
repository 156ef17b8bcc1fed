import { Inject, Injectable } from '@nestjs/common';
import type { JobErrorInfo } from '../contract/job-info.js';
import type { LockLostCause } from '../contract/lock-lost-cause.js';
import { describeThrown, type FailureKind, parseDeath } from '../engine/failure.js';
import { fromStoredId, nameOfStoredId } from '../engine/job-id.js';
import { readMeta } from '../engine/job-meta.js';
import { slotEndOf } from '../engine/slot-end.js';
import type { StoredJob } from '../engine/stored-job.js';
import { carriedFields } from '../observability/job-scope.js';
import { JobEvents } from '../observability/job-event.stream.js';
import type { AttemptEvent, BlockFacts, FinishedEvent, JobEvent } from '../observability/job-events.js';
import { redactText } from '../observability/redaction.js';
import { Tracing } from '../tracing/tracing.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import { AttemptFailure } from '../engine/attempt-failure.js';
import type { FoundUnknown } from './effects/effect.scope.js';

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Emits the events of the jobs that run here, once the engine has stored what they are about. */
@Injectable()
export class JobEventSource {
  private readonly unlocked = new WeakSet<StoredJob>();

  constructor(
    private readonly events: JobEvents,
    private readonly tracing: Tracing,
    @Inject(RESOLVED_OPTIONS) private readonly app: ResolvedOptions,
  ) {}

  stalled(queue: string, storedId: string): void {
    this.events.emit('stalled', () => named(storedId, queue));
  }

  /** Once for each run: the engine finds a lock lost with every renewal, and once more when the run ends. */
  lockLost(job: StoredJob, cause: LockLostCause): void {
    if (this.unlocked.has(job)) return;
    this.unlocked.add(job);
    const connectionLost = cause === 'disconnected';
    this.events.emit('lock-lost', () => ({ ...this.jobOf(job), cause, connectionLost }));
  }

  blocked(job: StoredJob, block: BlockFacts): void {
    this.events.emit('blocked', () => ({ ...this.jobOf(job), ...block }));
  }

  effectUnknown(job: StoredJob, { key, since, outcome }: FoundUnknown): void {
    this.events.emit('effect-unknown', () => ({ ...this.jobOf(job), key, since: new Date(since), outcome }));
  }

  dataMissing(job: StoredJob): void {
    this.events.emit('data-missing', () => named(job.id ?? '', job.queueName));
  }

  started(job: StoredJob): void {
    this.events.emit('started', () => this.attemptOf(job, job.attemptsMade + 1));
  }

  postponed(job: StoredJob): void {
    this.events.emit('postponed', () => this.finished(job, job.attemptsMade + 1));
  }

  released(job: StoredJob): void {
    this.events.emit('handed-back', () => this.jobOf(job));
  }

  completed(job: StoredJob): void {
    const { slot, scheduledFor = job.timestamp } = readMeta(job.opts);
    const reason = slot && slotEndOf(job.returnvalue);
    if (!reason) return this.events.emit('completed', () => this.finished(job));
    const event = () => ({
      ...this.jobOf(job),
      schedule: slot.schedule,
      slot: new Date(scheduledFor),
    });
    if (reason === 'missed') this.events.emit('missed', event);
    else this.events.emit('skipped', () => ({ ...event(), reason }));
  }

  failed(job: StoredJob, error: Error): void {
    const { kind, error: described } = failureOf(job, error);
    const { name, message, code } = described;
    const failure = {
      ...this.finished(job),
      error: { name, message: redactText(message), ...(code ? { code } : {}) },
    };
    // Of a job that is done the engine knows when; foreign jobs say nothing of a retry.
    if (kind === 'retrying' || !job.finishedOn) {
      const delayMs = error instanceof AttemptFailure ? error.retryDelay : job.delay;
      this.events.emit('retrying', () => ({ ...failure, delayMs }));
    } else if (kind === 'cancelled') {
      this.events.emit('cancelled', () => ({ ...this.jobOf(job), was: 'running' }));
    } else {
      this.events.emit('dead', () => ({ ...failure, reason: kind }));
    }
  }

  private jobOf(job: StoredJob): JobEvent {
    return this.traced(job, { id: fromStoredId(job.id ?? ''), name: job.name, queue: job.queueName });
  }

  private attemptOf(job: StoredJob, attempt: number): AttemptEvent {
    // Without spreading: two or three of these are made for every job.
    const event: Writable<AttemptEvent> = {
      id: fromStoredId(job.id ?? ''),
      name: job.name,
      queue: job.queueName,
      attempt,
      maxAttempts: Math.max(job.opts.attempts ?? 1, 1),
    };
    if (job.attemptsStarted <= 1 && attempt === 1) {
      const couldRun = job.timestamp + (job.opts.delay ?? 0);
      event.waitMs = Math.max(0, (job.processedOn ?? this.app.clock.now()) - couldRun);
    }
    return this.traced(job, event);
  }

  /** After the engine has counted the attempt, unless told otherwise. */
  private finished(job: StoredJob, attempt = job.attemptsMade): FinishedEvent {
    const end = job.finishedOn ?? this.app.clock.now();
    const event = this.attemptOf(job, attempt) as Writable<FinishedEvent>;
    event.runMs = Math.max(0, end - (job.processedOn ?? end));
    return event;
  }

  private traced<Event extends JobEvent>(job: StoredJob, event: Writable<Event>): Event {
    const traceId = this.tracing.traceId(job);
    if (traceId !== undefined) event.traceId = traceId;
    const context = carriedFields(job, this.app.logFields);
    if (context) event.context = context;
    return event;
  }
}

/** By what is known of the failure. Its text decides nothing: one that others wrote may look like ours. */
function failureOf(job: StoredJob, error: Error): { kind: FailureKind; error: JobErrorInfo } {
  if (error instanceof AttemptFailure) return { kind: error.kind, error: error.info };
  const attempts = { made: job.attemptsMade, max: job.opts.attempts ?? 1 };
  // It was not run: what is stored with it, by a cancellation or for its crashes, is its failure.
  if (job.deferredFailure !== undefined) return parseDeath(job.deferredFailure, attempts);
  const wasGivenUp = job.finishedOn && attempts.made < attempts.max;
  return { kind: wasGivenUp ? 'unrecoverable' : 'attempts', error: describeThrown(error) };
}

/** Of a job of which nothing but its id is known. */
function named(storedId: string, queue: string): JobEvent {
  return { id: fromStoredId(storedId), name: nameOfStoredId(storedId) ?? 'unknown', queue };
}
