import { QueueFullError, QueueUnavailableError } from '../contract/errors/enqueue.errors.js';
import type { MemoryJob, MemoryState } from './memory.job.js';
import { MemoryQueue } from './memory.queue.js';
import { VirtualClock } from './virtual.clock.js';

/** What is the matter with the queue, as a test wants it. */
export type Fault = 'down' | 'hang-stored' | 'hang-lost' | 'full';

/** The jobs of one app in the memory of the process: what Redis is in production. */
export class MemoryEngine {
  readonly clock: VirtualClock;
  readonly queues = new Map<string, MemoryQueue>();
  fault?: Fault;
  /** Ends an attempt that runs. */
  abort: (job: MemoryJob, reason: Error) => void = () => undefined;
  /** Done after each call that enqueued; the inline mode runs the jobs here. */
  afterEnqueue: () => Promise<void> = async () => undefined;
  private readonly watchers = new Set<() => void>();

  constructor(now: number) {
    this.clock = new VirtualClock(now);
  }

  get(name: string): MemoryQueue {
    let queue = this.queues.get(name);
    if (!queue) {
      queue = new MemoryQueue(name, this.clock, () => this.changed());
      this.queues.set(name, queue);
    }
    return queue;
  }

  /** Whether it answers. */
  get works(): boolean {
    return this.fault === undefined || this.fault === 'full';
  }

  /** @throws QueueUnavailableError while it does not answer */
  answer(): void {
    if (!this.works) throw unavailable();
  }

  /** @throws QueueUnavailableError, QueueFullError as a fault has it */
  admit(): void {
    if (this.fault === 'down') throw unavailable();
    if (this.fault === 'full')
      throw new QueueFullError(
        'Redis is out of memory and refuses writes (simulated by the test). Nothing was enqueued.',
      );
  }

  /** Forgets everything but the pending slots of schedules. */
  clear(): void {
    delete this.fault;
    for (const queue of this.queues.values()) queue.clear();
  }

  in(state: MemoryState): MemoryJob[] {
    return [...this.queues.values()].flatMap((queue) => queue.in(state));
  }

  /** The next job to run, of all queues by turns. */
  take(): MemoryJob | undefined {
    if (!this.works) return undefined;
    for (const queue of this.queues.values()) {
      const job = queue.take();
      if (!job) continue;
      // To the end of the line, so that no queue starves another.
      this.queues.delete(queue.name);
      this.queues.set(queue.name, queue);
      return job;
    }
    return undefined;
  }

  /** When the next delayed job may start. */
  get nextDue(): number {
    return Math.min(Infinity, ...[...this.queues.values()].map((queue) => queue.nextDue));
  }

  /** Calls back at every change until the returned function is called. */
  watch(watcher: () => void): () => void {
    this.watchers.add(watcher);
    return () => void this.watchers.delete(watcher);
  }

  private changed(): void {
    for (const watcher of this.watchers) watcher();
  }
}

function unavailable(): QueueUnavailableError {
  return new QueueUnavailableError(
    'Redis is not reachable (simulated by the test). Nothing was enqueued; it is safe to try again.',
  );
}
