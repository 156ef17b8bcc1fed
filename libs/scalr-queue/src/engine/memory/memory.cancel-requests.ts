import type { ActiveRun, CancelRequests } from '../engine-worker.js';
import type { MemoryQueues } from './memory.queues.js';
import type { MemoryJob } from './memory.job.js';

interface Request {
  readonly job: MemoryJob;
  readonly reason: string;
  /** When the run started that is to stop. */
  readonly startedAt: number;
}

/** Requests to stop running jobs. All who could settle them are this one process. */
export class MemoryCancelRequests implements CancelRequests {
  private readonly requests = new Map<string, Request>();
  private readonly listeners = new Set<() => void>();

  constructor(private readonly memory: MemoryQueues) {}

  get size(): number {
    return this.requests.size;
  }

  /** Calls back at each request, which is then found at once. */
  onRequest(listener: () => void): void {
    this.listeners.add(listener);
  }

  /** Asks the run of a job to stop. */
  add(job: MemoryJob, reason: string): void {
    job.deferredFailure = reason;
    const startedAt = job.processedOn ?? this.memory.clock.now();
    this.requests.set(keyOf(job.queueName, job.id), { job, reason, startedAt });
    for (const listener of this.listeners) listener();
  }

  async look<R extends ActiveRun>(runs: readonly R[]): Promise<{ asked: R[]; requests: number }> {
    const asked = runs.filter(({ queue, storedId = '', startedAt }) => {
      const request = this.requests.get(keyOf(queue, storedId));
      return request !== undefined && request.startedAt >= startedAt;
    });
    return { asked, requests: this.requests.size };
  }

  async settle(_every: number, onEnded: (queue: string, storedId: string) => void): Promise<void> {
    for (const [key, { job, reason }] of this.requests) {
      if (job.state === 'active') continue;
      this.requests.delete(key);
      if (job.deferredFailure !== reason) continue;
      this.memory.get(job.queueName).bury(job, reason);
      onEnded(job.queueName, job.id);
    }
  }
}

const keyOf = (queue: string, storedId: string): string => `${queue} ${storedId}`;
