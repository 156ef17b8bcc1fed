import { Inject, Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Clock } from '../config/clock.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import { ENQUEUE_DEADLINE } from '../contract/defaults.js';
import { QueueUnavailableError } from '../contract/errors/enqueue.errors.js';
import { onAbort } from '../engine/abort.watch.js';
import { withDeadline } from '../engine/deadline.js';
import { QueueEngine } from '../engine/queue.engine.js';
import { SharedEngine } from '../engine/shared.engine.js';
import { currentJob } from '../observability/job-scope.js';

/** How the features of `scalr-queue/shared` reach what is shared: each question is answered, or fails, within a second. */
@Injectable()
export class SharedCalls {
  readonly clock: Clock;
  /** Of what is said to all processes, in bytes. */
  readonly payloadLimit: number;

  constructor(
    private readonly queue: QueueEngine,
    readonly engine: SharedEngine,
    @Inject(RESOLVED_OPTIONS) app: ResolvedOptions,
  ) {
    this.clock = app.clock;
    this.payloadLimit = app.payloadLimit;
  }

  /**
   * The answer to a question.
   * @throws QueueUnavailableError when there is none
   */
  async ask<T>(question: (engine: SharedEngine) => Promise<T>): Promise<T> {
    const late = () => new QueueUnavailableError(`Redis did not answer within ${ENQUEUE_DEADLINE} ms`);
    try {
      return await withDeadline(this.asked(question), ENQUEUE_DEADLINE, late);
    } catch (error) {
      throw await this.queue.readError(error);
    }
  }

  /** Something that is told and that nobody waits for: what went wrong is in the log. */
  tell(news: (engine: SharedEngine) => Promise<unknown>): Promise<void> {
    return this.ask(news).then(
      () => undefined,
      (error: unknown) => this.report(error),
    );
  }

  report(trouble: unknown): void {
    this.queue.report(trouble);
  }

  /** Resolves after so long, by the clock of the app; rejects with the reason of the signal when that aborts. */
  pause(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = () => {
        forget?.();
        resolve();
      };
      const cancel = this.clock.after(ms, done);
      const giveUp = () => {
        cancel();
        reject(signal?.reason as Error);
      };
      const forget = signal && onAbort(signal, giveUp);
      if (!signal?.aborted) return;
      forget?.();
      giveUp();
    });
  }

  /** Whether something comes within so long; rejects with the reason of the signal when that aborts. */
  async comes(arrival: Promise<unknown>, ms: number, signal?: AbortSignal): Promise<boolean> {
    const over = new AbortController();
    const late = this.pause(ms, signal ? AbortSignal.any([signal, over.signal]) : over.signal);
    const arrived = arrival.then(() => true);
    try {
      return await Promise.race([arrived, late.then(() => false)]);
    } finally {
      late.catch(() => undefined);
      over.abort();
    }
  }

  private async asked<T>(question: (engine: SharedEngine) => Promise<T>): Promise<T> {
    await this.queue.usable('read');
    return question(this.engine);
  }
}

/** Tells a holder apart from all others. */
export const newToken = (): string => randomUUID();

/** Who asks, in words: the job whose handler runs, else the process. */
export function whoAsks(): string {
  const job = currentJob();
  return job ? `job ${job.jobName} ${job.jobId}` : `process ${hostname()}:${process.pid}`;
}
