import { hostname } from 'node:os';
import type { ResolvedOptions } from '../../config/resolved-options.js';
import { nameOfStoredId } from '../job-id.js';
import type { QueueState } from '../queue-state.js';
import type { PingAnswer, QueueStore } from '../queue.engine.js';
import type { MemoryJob } from './memory.job.js';
import type { MemoryQueues } from './memory.queues.js';

/** Queues as a whole. */
export class MemoryQueueStore implements QueueStore {
  constructor(
    private readonly memory: MemoryQueues,
    private readonly app: Pick<ResolvedOptions, 'queues'>,
  ) {}

  names(): string[] {
    return [...new Set([...this.app.queues.keys(), ...this.memory.names()])];
  }

  async states(names: readonly string[]): Promise<QueueState[]> {
    return names.map((name) => {
      const queue = this.memory.get(name);
      const now = this.memory.clock.now();
      const [waiting, delayed] = [queue.in('waiting'), queue.in('delayed')];
      const since = Math.min(...waiting.map(waitingSince), ...delayed.map(({ runAt = now }) => runAt));
      return {
        name,
        waiting: waiting.length,
        delayed: delayed.length,
        running: queue.in('active').length,
        dead: queue.in('failed').length,
        paused: queue.paused,
        oldestPendingAgeMs: Number.isFinite(since) ? Math.max(0, now - since) : 0,
        nextJobs: [...new Set([...waiting, ...delayed].map(({ id }) => nameOfStoredId(id)!))],
      };
    });
  }

  async pause(name: string): Promise<void> {
    this.memory.get(name).hold();
  }

  async resume(name: string): Promise<void> {
    this.memory.get(name).resume();
  }

  /** Jobs run one after the other here, as fast as they can. */
  async limitsOf(): Promise<{ rateLimitedFor: number }> {
    return { rateLimitedFor: 0 };
  }

  async usedLimits(): Promise<[]> {
    return [];
  }

  async writeLimits(): Promise<void> {}

  /** The workers are in this very process, and answer at once. */
  async ping(name: string): Promise<PingAnswer | undefined> {
    if (!this.memory.isServed(name)) return undefined;
    return { roundTripMs: 0, worker: { host: hostname(), pid: process.pid } };
  }
}

function waitingSince(job: MemoryJob): number {
  return Math.max(job.timestamp + (job.opts.delay ?? 0), job.processedOn ?? 0);
}
