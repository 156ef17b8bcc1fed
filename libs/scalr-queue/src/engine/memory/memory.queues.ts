import type { JobEnd } from '../job-end.js';
import type { MemoryJob } from './memory.job.js';
import { MemoryQueue } from './memory.queue.js';
import type { Clock } from '../../config/clock.js';

/** What is the matter with the queue, as a test wants it. */
export type Fault = 'down' | 'hang-stored' | 'hang-lost' | 'full';

/** What takes the jobs of a queue. */
interface Worker {
  readonly name: string;
  /** There may be something to take. */
  wake(): void;
}

/** The queues of one app in the memory of the process. */
export class MemoryQueues {
  private readonly queues = new Map<string, MemoryQueue>();
  /** Of those who wait for the end of a job, by queue and id. */
  private readonly listeners = new Map<string, Set<(end: JobEnd) => void>>();
  /** Those that take jobs. */
  readonly workers = new Set<Worker>();
  private trouble?: Fault;

  constructor(readonly clock: Clock) {}

  get fault(): Fault | undefined {
    return this.trouble;
  }

  set fault(fault: Fault | undefined) {
    this.trouble = fault;
    for (const worker of this.workers) worker.wake();
  }

  get(name: string): MemoryQueue {
    let queue = this.queues.get(name);
    if (!queue) {
      queue = new MemoryQueue(name, this.clock, {
        ended: (job) => this.hasEnded(job),
        changed: () => this.changed(name),
      });
      this.queues.set(name, queue);
    }
    return queue;
  }

  /** Names of those that were ever asked for. */
  names(): string[] {
    return [...this.queues.keys()];
  }

  /** Whether it answers. */
  get works(): boolean {
    return this.fault === undefined || this.fault === 'full';
  }

  /** Forgets everything but the pending slots of schedules. */
  clear(): void {
    this.fault = undefined;
    for (const queue of this.queues.values()) queue.clear();
  }

  /** Whether a worker takes the jobs of the queue. */
  isServed(name: string): boolean {
    return [...this.workers].some((worker) => worker.name === name);
  }

  /** Puts a queue that had its turn behind the others, so that none starves another. */
  hadTurn(name: string): void {
    const queue = this.get(name);
    this.queues.delete(name);
    this.queues.set(name, queue);
  }

  /** When the next delayed job may start; `Infinity` where none waits for its time. */
  get nextDue(): number {
    return Math.min(Infinity, ...[...this.queues.values()].map((queue) => queue.nextDue));
  }

  /** Calls back when the job ends, until the returned function is called. */
  listen(queue: string, storedId: string, listener: (end: JobEnd) => void): () => void {
    const key = keyOf(queue, storedId);
    const listeners = this.listeners.get(key) ?? new Set();
    this.listeners.set(key, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.listeners.delete(key);
    };
  }

  private changed(name: string): void {
    for (const worker of this.workers) if (worker.name === name) worker.wake();
  }

  private hasEnded({ queueName, id, state, failedReason = '', returnvalue }: MemoryJob): void {
    const end: JobEnd = state === 'failed' ? { failedReason } : { result: returnvalue };
    for (const hear of this.listeners.get(keyOf(queueName, id)) ?? []) hear(end);
  }
}

const keyOf = (queue: string, storedId: string): string => `${queue} ${storedId}`;
