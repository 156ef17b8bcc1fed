import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import type { DeadLetterActionOptions } from '../dead-letter/dead-letter.options.js';
import { DeadLetterService } from '../dead-letter/dead-letter.service.js';
import { settlesWithin } from '../engine/deadline.js';
import { redactText } from '../observability/redaction.js';
import { DASHBOARD_BULK_ANSWER } from '../contract/defaults.js';

type Action = 'retry' | 'delete';

/** How far an action on all dead jobs of a queue is. */
export interface BatchProgress {
  readonly done: number;
  /** Whether it goes on behind the answer. */
  readonly running: boolean;
}

interface Running {
  done: number;
  readonly end: Promise<void>;
}

/**
 * Retries or removes all dead jobs of a queue that were dead at the first click, to the oldest: those that die again meanwhile are
 * left alone. What takes long goes on behind the answer; a second click joins it.
 */
@Injectable()
export class DeadBatches implements OnModuleDestroy {
  private readonly logger = new Logger('ScalrQueueDashboard');
  private readonly running = new Map<string, Running>();
  private readonly stop = new AbortController();

  constructor(private readonly letters: DeadLetterService) {}

  /** @throws QueueUnavailableError when Redis stops answering meanwhile */
  async run(action: Action, queue: string): Promise<BatchProgress> {
    const key = `${action} ${queue}`;
    const batch = this.running.get(key) ?? (await this.start(action, queue, key));
    if (await settlesWithin(batch.end, DASHBOARD_BULK_ANSWER, false)) await batch.end;
    return { done: batch.done, running: this.running.has(key) };
  }

  onModuleDestroy(): void {
    this.stop.abort();
  }

  private async start(action: Action, queue: string, key: string): Promise<Running> {
    const { jobs } = await this.letters.list({ queue }, { limit: 1 });
    // Of another click that came in between.
    const other = this.running.get(key);
    if (other) return other;
    // Workers write the time of death by their own clocks, which may be ahead.
    const newest = Math.max(Date.now(), jobs[0]?.finishedAt?.getTime() ?? 0);
    const batch: Running = {
      done: 0,
      end: this.batch(action, queue, new Date(newest + 1), (done) => (batch.done = done)).finally(() =>
        this.running.delete(key),
      ),
    };
    this.running.set(key, batch);
    batch.end.catch((error: unknown) =>
      this.logger.warn(
        `${action} all dead jobs of ${queue}: stopped after ${batch.done} jobs: ${redactText(String(error))}`,
      ),
    );
    return batch;
  }

  private async batch(
    action: Action,
    queue: string,
    before: Date,
    onDone: (done: number) => void,
  ): Promise<void> {
    const options: DeadLetterActionOptions = {
      via: 'console' as const,
      signal: this.stop.signal,
      onProgress: ({ done }) => onDone(done),
    };
    const which = { queue, before };
    const { matched, ...rest } = await this.letters[action](which, options);
    const done = 'retried' in rest ? rest.retried : rest.deleted;
    onDone(done);
    this.logger.log(`${action} all dead jobs of ${queue}: ${done} of ${matched}`);
  }
}
