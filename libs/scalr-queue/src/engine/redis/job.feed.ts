import type { Queue } from 'bullmq';
import { type DamagedEntries, orDamaged } from './damaged-entries.js';
import { readableValuesOf } from './pipeline-replies.js';
import type { RedisClient } from './connection/redis.client.js';
import type { JobState } from '../../contract/job-info.js';
import type { JobFeed } from '../found-job.js';

/** A list of the engine that holds the ids of jobs. */
export type EngineList = 'active' | 'wait' | 'prioritized' | 'delayed' | 'failed' | 'completed';

/** The lists of the engine that make up a state. */
export const LISTS: Readonly<Record<JobState, readonly EngineList[]>> = {
  running: ['active'],
  waiting: ['wait', 'prioritized'],
  delayed: ['delayed'],
  dead: ['failed'],
  completed: ['completed'],
};

/** Ids read in one round trip. */
const IDS_PER_SLICE = 100;

/** The id of a job and its place among those of other lists: the lowest comes first. */
export interface Listed {
  readonly storedId: string;
  readonly order: number;
}

/** One list of one queue, read in slices from its newest job on; of the delayed ones, from the one that runs next. */
export class ListFeed implements JobFeed {
  private buffer: Listed[] = [];
  private read = 0;
  private ended = false;

  /** @param offset jobs to skip */
  constructor(
    private readonly redis: RedisClient,
    private readonly source: Queue,
    private readonly list: EngineList,
    private offset: number,
    private readonly note: DamagedEntries['note'],
  ) {
    this.read = offset;
  }

  /** Names the list over all queues of the app. */
  get key(): string {
    return `${this.source.name} ${this.list}`;
  }

  get queue(): string {
    return this.source.name;
  }

  /** Jobs that were taken or skipped. */
  get taken(): number {
    return this.offset;
  }

  async head(): Promise<Listed | undefined> {
    if (this.buffer.length === 0 && !this.ended) {
      this.buffer = await this.next();
      this.read += this.buffer.length;
      this.ended = this.buffer.length < IDS_PER_SLICE;
    }
    return this.buffer[0];
  }

  take(): void {
    this.buffer.shift();
    this.offset++;
  }

  private next(): Promise<Listed[]> {
    return orDamaged(this.slice(), [], this.source.toKey(this.list), this.note);
  }

  private async slice(): Promise<Listed[]> {
    const key = this.source.toKey(this.list);
    const range = [key, this.read, String(this.read + IDS_PER_SLICE - 1)] as const;
    if (this.list === 'delayed') return scored(await this.redis.zrange(...range, 'WITHSCORES'), 1);
    if (this.list === 'failed' || this.list === 'completed')
      return scored(await this.redis.zrevrange(...range, 'WITHSCORES'), -1);
    const ids = await (this.list === 'prioritized'
      ? this.redis.zrevrange(...range)
      : this.redis.lrange(...range));
    return this.byAge(ids);
  }

  /** These lists do not hold the time: it stands in the jobs, and is all that is read of them. */
  private async byAge(ids: readonly string[]): Promise<Listed[]> {
    if (ids.length === 0) return [];
    const pipeline = this.redis.pipeline();
    for (const id of ids) pipeline.hget(this.source.toKey(id), 'timestamp');
    const timestamps = readableValuesOf(await pipeline.exec());
    return ids.map((storedId, index) => {
      const at = Number(timestamps[index] ?? 0);
      return { storedId, order: Number.isFinite(at) ? -at : 0 };
    });
  }
}

/** Redis replies ids and scores in turn, or as pairs. */
function scored(reply: readonly unknown[], direction: 1 | -1): Listed[] {
  const flat = reply.flat();
  const listed: Listed[] = [];
  for (let index = 0; index < flat.length; index += 2)
    listed.push({ storedId: String(flat[index]), order: direction * Number(flat[index + 1]) });
  return listed;
}
