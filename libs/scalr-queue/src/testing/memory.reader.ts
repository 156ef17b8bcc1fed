import type { CatalogEntry } from '../connection/catalog-entry.js';
import type { JobCatalog } from '../connection/job.catalog.js';
import { InvalidOptionError } from '../errors/configuration.errors.js';
import { nameOfStoredId, toStoredId } from '../jobs/job-id.js';
import { type FoundJob, JobReader } from '../inspection/job.reader.js';
import type { QueueState } from '../inspection/queue-states.js';
import type { MemoryEngine } from './memory.engine.js';
import type { MemoryJob } from './memory.job.js';

/** Finds jobs by id. */
export class MemoryReader extends JobReader {
  constructor(
    private readonly engine: MemoryEngine,
    catalog: JobCatalog,
  ) {
    super(undefined as never, undefined as never, catalog);
  }

  override async bounded<T>(read: () => Promise<T>): Promise<T> {
    this.engine.answer();
    return read();
  }

  override async locate(id: string, name?: string): Promise<CatalogEntry | undefined> {
    const all = [...this.engine.queues.values()].flatMap(({ jobs }) => [...jobs.values()]);
    const found = all.filter((job) => job.id === toStoredId(job.name, id) && (!name || job.name === name));
    if (found.length > 1) {
      const names = found.map((job) => `"${job.name}"`).join(' and ');
      throw new InvalidOptionError(`the id is used by jobs of ${names}: pass { id, name } instead of the id`);
    }
    return found[0] && { name: found[0].name, queue: found[0].queueName };
  }

  override async readStored(queue: string, storedId: string): Promise<FoundJob | undefined> {
    const job = this.engine.get(queue).jobs.get(storedId);
    if (!job) return undefined;
    return { job, state: job.state, ...(job.runAt === undefined ? {} : { runAt: job.runAt }) };
  }
}

/** Reads the state of queues. */
export class MemoryQueueReader {
  constructor(private readonly engine: MemoryEngine) {}

  async states(names: readonly string[]): Promise<QueueState[]> {
    return names.map((name) => {
      const queue = this.engine.get(name);
      const now = this.engine.clock.now();
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
}

function waitingSince(job: MemoryJob): number {
  return Math.max(job.timestamp + (job.opts.delay ?? 0), job.processedOn ?? 0);
}
