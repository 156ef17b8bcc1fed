import { Injectable } from '@nestjs/common';
import type { WorkerCounts } from '../contract/worker-info.js';
import { JobEvents } from '../observability/job-event.stream.js';

type Counted = Exclude<keyof WorkerCounts, 'queue'>;
type Counts = { -readonly [Name in Counted]: number };

/** Counts in this process how the jobs end that it runs, by queue: Redis has no work with it. */
@Injectable()
export class JobCounters {
  private readonly counts = new Map<string, Counts>();

  constructor(events: JobEvents) {
    events.on('completed', ({ queue }) => this.add(queue, 'completed'));
    events.on('dead', ({ queue }) => this.add(queue, 'dead'));
    events.on('retrying', ({ queue }) => this.add(queue, 'retried'));
  }

  /** Of each queue in which a job ended. */
  byQueue(): WorkerCounts[] {
    return [...this.counts].map(([queue, counts]) => ({ queue, ...counts }));
  }

  /** Of all queues together. */
  total(): Readonly<Counts> {
    const total: Counts = { completed: 0, dead: 0, retried: 0 };
    for (const { completed, dead, retried } of this.counts.values()) {
      total.completed += completed;
      total.dead += dead;
      total.retried += retried;
    }
    return total;
  }

  private add(queue: string, name: Counted): void {
    let counts = this.counts.get(queue);
    if (!counts) this.counts.set(queue, (counts = { completed: 0, dead: 0, retried: 0 }));
    counts[name] += 1;
  }
}
