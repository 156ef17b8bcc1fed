import { JobCounts } from '../engine/redis/job.counts.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import type { MemoryJob } from '../engine/memory/memory.job.js';

/** Counts in the jobs of the kit. */
export class MemoryCounts extends JobCounts {
  constructor(private readonly options: ResolvedOptions) {
    super(undefined as never, undefined as never, options);
  }

  override async noteIdle(job: MemoryJob): Promise<void> {
    job.idleStarts++;
  }

  override async putAside(job: MemoryJob, _token: string | undefined, delay: number): Promise<void> {
    await job.moveToDelayed(this.options.clock.now() + delay);
  }

  protected override async idleStarts(job: MemoryJob): Promise<number> {
    return job.idleStarts;
  }
}
