import type { MemoryJob } from '../engine/memory/memory.job.js';

/** The jobs that the code under test has enqueued, in order; those of schedules are not among them. */
export class EnqueueLog {
  readonly jobs: MemoryJob[] = [];

  add(job: MemoryJob): void {
    this.jobs.push(job);
  }

  clear(): void {
    this.jobs.length = 0;
  }
}
