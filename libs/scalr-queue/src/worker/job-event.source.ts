import { Injectable } from '@nestjs/common';
import type { Job } from 'bullmq';
import { describeThrown, parseFailure } from '../jobs/failure.js';
import { fromStoredId, nameOfStoredId } from '../jobs/job-id.js';
import { JobEvents } from '../observability/job-event.stream.js';
import type { AttemptEvent, FinishedEvent } from '../observability/job-events.js';
import { redactText } from '../observability/redaction.js';
import { AttemptFailure } from './attempt.failure.js';
import type { ManagedWorker } from './managed.worker.js';
import { PingResponder } from './ping.responder.js';

/** Tells the events of a worker, once Redis has taken what they tell of. */
@Injectable()
export class JobEventSource {
  constructor(private readonly events: JobEvents) {}

  attach(worker: ManagedWorker): void {
    const { events } = this;
    worker.on('completed', (job) => {
      if (!PingResponder.isPing(job)) events.emit('completed', () => finished(job));
    });
    worker.on('failed', (job, error) => {
      if (job && !PingResponder.isPing(job)) this.failed(job, error);
    });
    worker.on('stalled', (storedId) => {
      const name = nameOfStoredId(storedId) ?? 'unknown';
      if (PingResponder.isPing({ name })) return;
      events.emit('stalled', () => {
        const id = fromStoredId(storedId);
        return { id, name, queue: worker.name };
      });
    });
  }

  started(job: Job): void {
    this.events.emit('started', () => attemptOf(job, job.attemptsMade + 1));
  }

  postponed(job: Job): void {
    this.events.emit('postponed', () => finished(job, job.attemptsMade + 1));
  }

  handedBack(job: Job): void {
    if (!PingResponder.isPing(job)) this.events.emit('handed-back', () => jobOf(job));
  }

  private failed(job: Job, error: Error): void {
    const { kind, error: stored } = parseFailure(error.message);
    const { name, message, code } =
      error instanceof AttemptFailure || kind !== 'attempts' ? stored : describeThrown(error);
    const failure = {
      ...finished(job),
      error: { name, message: redactText(message), ...(code ? { code } : {}) },
    };
    // Of a job that is done the engine tells when; foreign jobs say nothing of a retry.
    if (kind === 'retrying' || !job.finishedOn) {
      const delayMs = error instanceof AttemptFailure ? error.retryDelay : job.delay;
      this.events.emit('retrying', () => ({ ...failure, delayMs }));
    } else if (kind === 'cancelled') {
      this.events.emit('cancelled', () => ({ ...jobOf(job), was: 'running' }));
    } else {
      this.events.emit('dead', () => ({ ...failure, reason: kind }));
    }
  }
}

function jobOf(job: Job) {
  return { id: fromStoredId(job.id ?? ''), name: job.name, queue: job.queueName };
}

function attemptOf(job: Job, attempt: number): AttemptEvent {
  const isFirst = job.attemptsStarted <= 1 && attempt === 1;
  const couldRun = job.timestamp + (job.opts.delay ?? 0);
  return {
    ...jobOf(job),
    attempt,
    maxAttempts: Math.max(job.opts.attempts ?? 1, 1),
    ...(isFirst ? { waitMs: Math.max(0, (job.processedOn ?? Date.now()) - couldRun) } : {}),
  };
}

/** After the engine has counted the attempt, unless told otherwise. */
function finished(job: Job, attempt = job.attemptsMade): FinishedEvent {
  const end = job.finishedOn ?? Date.now();
  return { ...attemptOf(job, attempt), runMs: Math.max(0, end - (job.processedOn ?? end)) };
}
