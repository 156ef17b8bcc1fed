import { Injectable } from '@nestjs/common';
import { Job } from 'bullmq';
import { withDeadline } from '../connection/deadline.js';
import type { CatalogEntry } from '../connection/catalog-entry.js';
import { JobCatalog } from '../connection/job.catalog.js';
import { QueueRegistry } from '../connection/queue.registry.js';
import { RedisConnections } from '../connection/redis.connections.js';
import { toReadError } from '../connection/redis-error.js';
import { QueueUnavailableError } from '../errors/enqueue.errors.js';
import { InvalidOptionError } from '../errors/configuration.errors.js';
import { toStoredId } from '../jobs/job-id.js';
import type { JobRef } from '../jobs/job-ref.js';
import type { StoredJob } from '../jobs/stored-job.js';
import { ENQUEUE_DEADLINE, KEPT_LOG_LINES } from '../options/defaults.js';
import { describe } from '../options/option-checker.js';

/** The engine's score of a delayed job: its time in milliseconds, times this, plus a counter. */
const DELAYED_SCORE_UNIT = 0x1000;

/** A stored job of the engine and the state it is in. */
export interface FoundJob {
  readonly job: StoredJob;
  readonly state: string;
  /** Epoch milliseconds at which a delayed job may start. */
  readonly runAt?: number;
}

/** Finds stored jobs by id, over all queues of the app. */
@Injectable()
export class JobReader {
  constructor(
    private readonly connections: RedisConnections,
    private readonly queues: QueueRegistry,
    private readonly catalog: JobCatalog,
  ) {}

  /**
   * The job, or undefined when there is none.
   * @throws InvalidOptionError when two definitions have a job with this id; QueueUnavailableError
   */
  async find(ref: JobRef): Promise<FoundJob | undefined> {
    const { id, name } = refParts(ref);
    return this.bounded(async () => {
      const entry = await this.locate(id, name);
      return entry && this.readStored(entry.queue, toStoredId(entry.name, id));
    });
  }

  /** What the handler of a job has told with `ctx.log`. */
  async logsOf({ job }: FoundJob): Promise<string[]> {
    const queue = this.queues.get(job.queueName);
    const { logs } = await this.bounded(() => queue.getJobLogs(job.id ?? '', 0, KEPT_LOG_LINES - 1));
    return logs;
  }

  /** Runs a read within the deadline and turns its failure into an error of ours. */
  async bounded<T>(read: () => Promise<T>): Promise<T> {
    await this.connections.usable();
    const late = () => new QueueUnavailableError(`Redis did not answer within ${ENQUEUE_DEADLINE} ms`);
    return withDeadline(read(), ENQUEUE_DEADLINE + 50, late).catch((error: unknown) => {
      throw toReadError(error);
    });
  }

  /** Where the job is stored; looks again among the newest jobs of the app before it says nowhere. */
  async locate(id: string, name?: string): Promise<CatalogEntry | undefined> {
    return (
      (await this.search(await this.catalog.entries(), id, name)) ??
      this.search(await this.catalog.entries(50), id, name)
    );
  }

  /** Where a job with this id may have been stored. */
  async placesOf(id: string): Promise<{ queue: string; storedId: string }[]> {
    const entries = await this.catalog.entries();
    return entries.map(({ name, queue }) => ({ queue, storedId: toStoredId(name, id) }));
  }

  private async search(
    known: readonly CatalogEntry[],
    id: string,
    name?: string,
  ): Promise<CatalogEntry | undefined> {
    const entries = known.filter((entry) => name === undefined || entry.name === name);
    if (entries.length === 0) return undefined;
    const pipeline = this.connections.producer.pipeline();
    for (const entry of entries)
      pipeline.exists(this.queues.get(entry.queue).toKey(toStoredId(entry.name, id)));
    const replies = (await pipeline.exec()) ?? [];
    const found = entries.filter((_entry, index) => {
      const [error, count] = replies[index] ?? [];
      if (error) throw error;
      return count === 1;
    });
    if (found.length > 1) {
      const names = found.map((entry) => `"${entry.name}"`).join(' and ');
      throw new InvalidOptionError(`the id is used by jobs of ${names}: pass { id, name } instead of the id`);
    }
    return found[0];
  }

  /** The job with the engine's id. */
  async readStored(queueName: string, storedId: string): Promise<FoundJob | undefined> {
    const queue = this.queues.get(queueName);
    // Two reads: the job may move in between. The state is read last, and the data again if it is of before the state.
    let job = await Job.fromId(queue, storedId);
    if (!job) return undefined;
    const state = await job.getState();
    if (isOfBefore(job, state)) job = await Job.fromId(queue, storedId);
    if (!job || state === 'unknown') return undefined;
    if (state !== 'delayed') return { job, state };
    const score = await this.connections.producer.zscore(queue.toKey('delayed'), storedId);
    return {
      job,
      state,
      ...(score === null ? {} : { runAt: Math.floor(Number(score) / DELAYED_SCORE_UNIT) }),
    };
  }
}

/** Whether the job came into its state, by its end, a start or a failed attempt, after its data was read. */
function isOfBefore({ finishedOn, processedOn, delay }: Job, state: string): boolean {
  if (state === 'completed' || state === 'failed') return !finishedOn;
  if (state === 'active') return !processedOn;
  return state === 'delayed' && !(delay > 0);
}

/** The parts of a reference to a job; throws InvalidOptionError. */
export function refParts(ref: unknown): { id: string; name?: string } {
  if (typeof ref === 'string' && ref !== '') return { id: ref };
  if (typeof ref === 'object' && ref !== null) {
    const { id, name } = ref as { id?: unknown; name?: unknown };
    if (typeof id === 'string' && typeof name === 'string') return { id, name };
  }
  throw new InvalidOptionError(`expected the id of a job, or { id, name }, got: ${describe(ref)}`);
}
