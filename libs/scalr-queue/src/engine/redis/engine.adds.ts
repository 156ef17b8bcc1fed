import type { JobJson } from 'bullmq';
import type { PreparedJob } from '../prepared-job.js';
import type { QueueRegistry } from './queue.registry.js';

const NO_PARENT = { parentDependenciesKey: '' };

/** Adds jobs with the engine's own scripts, one each. */
export class EngineAdds {
  constructor(private readonly queues: QueueRegistry) {}

  /** Adds a job whose id is new. */
  add(job: PreparedJob): Promise<unknown> {
    return this.queues.get(job.queue).getBackend().addJob(recordOf(job), job.options.jobId, NO_PARENT);
  }

  /**
   * Adds jobs of one queue whose ids are new, in one write. The engine's `addJobs` tells only of the first that was refused; others
   * have got through.
   * @returns for each what went wrong
   */
  async addAll(jobs: readonly PreparedJob[]): Promise<(Error | undefined)[]> {
    const backend = this.queues.get(jobs[0]!.queue).getBackend();
    const pipeline = (await backend.client).pipeline();
    for (const job of jobs)
      void backend.addJobToTransaction(pipeline, recordOf(job), job.options.jobId, NO_PARENT);
    const replies = (await pipeline.exec()) ?? [];
    return jobs.map((_job, at) => {
      const [error] = replies[at] ?? [new Error('no answer')];
      return error ?? undefined;
    });
  }
}

/**
 * What the engine's own `add` would hand to its backend. A unique job is contested. Upstream: the payload of a record is JSON already, and
 * goes as it is.
 */
function recordOf({ name, json, options }: PreparedJob): JobJson {
  return {
    id: options.jobId,
    name,
    data: json,
    opts: options,
    timestamp: options.timestamp,
    progress: 0,
    attemptsMade: 0,
    attemptsStarted: 0,
    stalledCounter: 0,
  } as unknown as JobJson;
}
