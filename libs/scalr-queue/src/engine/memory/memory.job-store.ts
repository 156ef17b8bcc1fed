import type { CancelOutcome, JobState } from '../../contract/job-info.js';
import { storedTags } from '../../contract/tags.js';
import type { FoundJob, JobFeed, JobPlace, Place } from '../found-job.js';
import { GLIMPSE_PAYLOAD, type Glimpses } from '../glimpse.js';
import { readMeta } from '../job-meta.js';
import { ANY_NAME } from '../job-type.js';
import type { JobStore } from '../queue.engine.js';
import type { MemoryCancelRequests } from './memory.cancel-requests.js';
import type { MemoryJob, MemoryState } from './memory.job.js';
import type { MemoryQueues } from './memory.queues.js';

const STATES: Readonly<Record<JobState, MemoryState>> = {
  running: 'active',
  waiting: 'waiting',
  delayed: 'delayed',
  dead: 'failed',
  completed: 'completed',
};

/** Stored jobs, one by one. */
export class MemoryJobStore implements JobStore {
  constructor(
    private readonly memory: MemoryQueues,
    private readonly cancels: MemoryCancelRequests,
  ) {}

  async stored(places: readonly JobPlace[]): Promise<JobPlace[]> {
    return places.flatMap((place) => {
      const job = this.find(place.queue, place.storedId);
      if (!job || (place.name !== ANY_NAME && place.name !== job.name)) return [];
      return [{ ...place, name: job.name }];
    });
  }

  /** Without its data no job stands in a list. */
  listed(places: readonly JobPlace[]): Promise<JobPlace[]> {
    return this.stored(places);
  }

  async read(queue: string, storedId: string): Promise<FoundJob | undefined> {
    const job = this.find(queue, storedId);
    if (!job) return undefined;
    return { job, state: job.state, ...(job.runAt === undefined ? {} : { runAt: job.runAt }) };
  }

  async stateOf(queue: string, storedId: string): Promise<string> {
    return this.find(queue, storedId)?.state ?? 'unknown';
  }

  async logsOf(queue: string, storedId: string): Promise<string[]> {
    return [...(this.find(queue, storedId)?.logs ?? [])];
  }

  async positionOf({ job: { queueName, id } }: FoundJob): Promise<number | undefined> {
    const index = this.memory
      .get(queueName)
      .line()
      .findIndex((job) => job.id === id);
    return index < 0 ? undefined : index + 1;
  }

  feeds(queue: string, state: JobState, offsets: Readonly<Record<string, number>>): JobFeed[] {
    const key = `${queue} ${state}`;
    return [new MemoryFeed(this.memory, queue, key, STATES[state], offsets[key] ?? 0)];
  }

  async glimpse(queue: string, places: readonly number[], withPayload: boolean): Promise<Glimpses> {
    const waiting = this.memory.get(queue).in('waiting');
    const jobs = places.flatMap((place) => {
      const job = waiting[place];
      if (!job) return [];
      const bytes = Buffer.byteLength(JSON.stringify(job.data) ?? 'null');
      const known = { name: job.name, tags: storedTags(readMeta(job.opts).tags), bytes };
      const isRead = withPayload && bytes <= GLIMPSE_PAYLOAD;
      return [{ storedId: job.id, known: isRead ? { ...known, payload: job.data } : known }];
    });
    return { total: waiting.length, jobs };
  }

  async cancel({ queue, storedId }: JobPlace, reason: string): Promise<CancelOutcome> {
    const job = this.find(queue, storedId);
    if (!job) return 'not-found';
    if (job.finished) return 'finished';
    if (job.state === 'active') {
      this.cancels.add(job, reason);
      return 'cancelling';
    }
    this.memory.get(queue).bury(job, reason);
    return 'cancelled';
  }

  async promote({ queue, storedId }: Place): Promise<void> {
    const job = this.find(queue, storedId);
    if (job?.state !== 'delayed') throw new Error(`the job ${storedId} is not delayed`);
    this.memory.get(queue).promoteNow(job);
  }

  async remove({ queue, storedId }: Place): Promise<void> {
    const job = this.find(queue, storedId);
    if (job && job.state !== 'active') this.memory.get(queue).remove(storedId);
  }

  private find(queue: string, storedId: string): MemoryJob | undefined {
    return this.memory.get(queue).jobs.get(storedId);
  }
}

/** The jobs of a queue in a state, as they stand at the first look. */
class MemoryFeed implements JobFeed {
  private jobs?: MemoryJob[];

  constructor(
    private readonly memory: MemoryQueues,
    readonly queue: string,
    readonly key: string,
    private readonly state: MemoryState,
    private offset: number,
  ) {}

  get taken(): number {
    return this.offset;
  }

  async head(): Promise<{ storedId: string; order: number } | undefined> {
    this.jobs ??= this.memory
      .get(this.queue)
      .in(this.state)
      .toSorted((a, b) => placeOf(a) - placeOf(b) || b.order - a.order);
    const job = this.jobs[this.offset];
    return job && { storedId: job.id, order: placeOf(job) };
  }

  take(): void {
    this.offset++;
  }
}

/** The lowest comes first: of what waits or runs the newest, of delayed jobs the next to run, of others the last to end. */
function placeOf({ state, finishedOn = 0, runAt = 0, timestamp }: MemoryJob): number {
  if (state === 'delayed') return runAt;
  return state === 'completed' || state === 'failed' ? -finishedOn : -timestamp;
}
