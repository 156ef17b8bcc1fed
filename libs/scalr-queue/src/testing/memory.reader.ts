import type { JobCatalog } from '../engine/redis/job.catalog.js';
import { nameOfStoredId, toStoredId } from '../engine/job-id.js';
import type { FoundJob, JobPlace } from '../engine/redis/job.store.js';
import { chosenOf, JobReader, type RefParts } from '../inspection/job.reader.js';
import type { AppState } from '../inspection/app.state.js';
import type { JobExplainer } from '../inspection/job.explainer.js';
import { toJobInfo } from '../inspection/job-info.mapper.js';
import { checkListOptions, type JobListPage, toCursor } from '../inspection/job-list.options.js';
import type { JobLister } from '../inspection/job.lister.js';
import { reasonsOf } from '../inspection/job.reasons.js';
import type { QueueState } from '../engine/redis/queue-states.js';
import { checkQueue } from '../inspection/unknown-queue.js';
import type { JobExplanation } from '../contract/job-explanation.js';
import type { JobRef } from '../contract/job-ref.js';
import type { MemoryEngine } from './memory.engine.js';
import type { MemoryJob } from './memory.job.js';

/** Finds jobs by id. */
export class MemoryReader extends JobReader {
  constructor(
    private readonly engine: MemoryEngine,
    private readonly known: JobCatalog,
  ) {
    super(undefined as never, undefined as never, known);
  }

  override async bounded<T>(read: () => Promise<T>): Promise<T> {
    this.engine.answer();
    return read();
  }

  override async locate({ id, name, queue }: RefParts): Promise<JobPlace | undefined> {
    const all = [...this.engine.queues.values()].flatMap(({ jobs }) => [...jobs.values()]);
    const found = all
      .filter((job) => job.id === toStoredId(job.name, id) && (!name || job.name === name))
      .filter((job) => queue === undefined || job.queueName === queue);
    const places = found.map((job) => ({ name: job.name, queue: job.queueName, storedId: job.id }));
    return chosenOf(places, (one) => this.known.queueOf(one));
  }

  override async logsOf({ job }: FoundJob): Promise<string[]> {
    this.engine.answer();
    return [...(this.engine.get(job.queueName).jobs.get(job.id ?? '')?.logs ?? [])];
  }

  override async readStored(queue: string, storedId: string): Promise<FoundJob | undefined> {
    const job = this.engine.get(queue).jobs.get(storedId);
    if (!job) return undefined;
    return { job, state: job.state, ...(job.runAt === undefined ? {} : { runAt: job.runAt }) };
  }
}

/** Lists jobs page by page, in the order of production. */
export class MemoryLister implements Pick<JobLister, keyof JobLister> {
  constructor(
    private readonly engine: MemoryEngine,
    private readonly state: AppState,
    private readonly reader: JobReader,
  ) {}

  async page(given: unknown): Promise<JobListPage> {
    const { states, queue, name, limit, after } = checkListOptions(given);
    return this.reader.bounded(async () => {
      if (queue !== undefined)
        checkQueue(
          queue,
          (await this.state.read()).queues.map((one) => one.name),
        );
      const jobs = [...this.engine.queues.values()]
        .flatMap((one) => [...one.jobs.values()])
        .filter((job) => queue === undefined || job.queueName === queue)
        .filter((job) => name === undefined || job.name === name)
        .toSorted((a, b) => placeOf(a) - placeOf(b))
        .map((job) => toJobInfo({ job, state: job.state, runAt: job.runAt }));
      const all = states.flatMap((state) => jobs.filter((job) => job.state === state));
      const start = after?.offsets[OFFSET] ?? 0;
      const page = all.slice(start, start + limit);
      if (start + limit >= all.length) return { jobs: page };
      return {
        jobs: page,
        cursor: toCursor({ state: states[0]!, offsets: { [OFFSET]: start + limit } }),
      };
    });
  }
}

/** The place in the list, in a cursor of the kit. */
const OFFSET = 'all';

/** The lowest comes first: of what waits or runs the newest, of delayed jobs the next to run, of others the last to end. */
function placeOf({ state, finishedOn = 0, runAt = 0, order }: MemoryJob): number {
  if (state === 'delayed') return runAt;
  return state === 'completed' || state === 'failed' ? -finishedOn : -order;
}

/** Says why a job does not run. */
export class MemoryExplainer implements Pick<JobExplainer, keyof JobExplainer> {
  constructor(
    private readonly engine: MemoryEngine,
    private readonly state: AppState,
    private readonly reader: JobReader,
  ) {}

  async explain(ref: JobRef): Promise<JobExplanation | undefined> {
    const found = await this.reader.find(ref);
    if (!found) return undefined;
    const { queues, workers } = await this.reader.bounded(() => this.state.read());
    const { queueName, id } = found.job;
    const waiting = this.engine.get(queueName).line();
    const place = waiting.findIndex((job) => job.id === id);
    const facts = {
      found,
      queue: queues.find(({ name }) => name === queueName),
      workers,
      now: this.engine.clock.now(),
      rateLimited: 0,
      ...(place < 0 ? {} : { position: place + 1 }),
    };
    return { job: toJobInfo(found), reasons: reasonsOf(facts) };
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
