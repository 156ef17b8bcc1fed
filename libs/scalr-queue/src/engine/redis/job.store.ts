import { Inject, Injectable } from '@nestjs/common';
import type { ResolvedOptions } from '../../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../../config/tokens.js';
import { EVENT_STREAM_LENGTH, KEPT_LOG_LINES, SHOWN_FIELD_LIMIT } from '../../contract/defaults.js';
import type { CancelOutcome, JobState } from '../../contract/job-info.js';
import type { FoundJob, JobFeed, JobPlace, Place, ReadJob } from '../found-job.js';
import type { Glimpses } from '../glimpse.js';
import type { JobStore } from '../queue.engine.js';
import { cancelMember } from './cancel-requests.js';
import { ANY_NAME } from '../job-type.js';
import { RedisConnections } from './connection/redis.connections.js';
import { type JobRecord, RECORD_FIELDS, type RecordReply, toRecord } from './job-record.js';
import { type GlimpseReply, toGlimpse } from './glimpses.js';
import { LISTS, ListFeed } from './job.feed.js';
import { cancelsKey, DELAYED_SCORE_UNIT, queueKey, queuePrefix } from './keys.js';
import { readableValuesOf, valuesOf } from './pipeline-replies.js';
import { QueueRegistry } from './queue.registry.js';
import { CANCEL } from './scripts/cancel.scripts.js';
import { GLIMPSE } from './scripts/glimpse.script.js';
import { JOB_STATE } from './scripts/job-state.script.js';
import { IS_LISTED, READ_RECORD } from './scripts/job-record.script.js';

/** Where a job may be, in the order in which it is looked for. */
const STATES = ['completed', 'failed', 'delayed', 'prioritized', 'waiting-children', 'active', 'wait'];

/** How far from its head a list is searched for a job: Redis goes through it one by one. */
const MAX_POSITION = 10_000;

/** Of a job that moves each time it is looked at, or whose data was never completed. */
const MAX_REREADS = 3;

/** Stored jobs, one by one. Rejects with the error of the connection or of Redis. */
@Injectable()
export class RedisJobStore implements JobStore {
  constructor(
    private readonly connections: RedisConnections,
    private readonly queues: QueueRegistry,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  /**
   * Which of these are stored, in one round trip.
   * @param places the name may be that of any job
   * @returns those that are, with their names
   */
  async stored(places: readonly JobPlace[]): Promise<JobPlace[]> {
    const pipeline = this.connections.producer.pipeline();
    for (const { name, queue, storedId } of places) {
      const key = queueKey(this.options.prefix, queue, storedId);
      // Some of the engine's own keys are hashes too: only a job has a name.
      if (name === ANY_NAME) pipeline.hget(key, 'name');
      else pipeline.exists(key);
    }
    // The id that is looked for may be the name of one of the engine's own keys.
    const replies = readableValuesOf(await pipeline.exec());
    return places.flatMap((place, index): JobPlace[] => {
      const name = replies[index] === 1 ? place.name : replies[index];
      return typeof name === 'string' ? [{ ...place, name }] : [];
    });
  }

  /** Which of these have their id in a list of their queue, also where the data of the job is gone. One round trip. */
  async listed(places: readonly JobPlace[]): Promise<JobPlace[]> {
    const pipeline = this.connections.producer.pipeline();
    for (const { queue, storedId } of places) {
      const keyOf = (part: string) => queueKey(this.options.prefix, queue, part);
      const lists = ['wait', 'active'].map(keyOf);
      const keys = [...lists, ...['prioritized', 'delayed', 'failed', 'completed'].map(keyOf)];
      pipeline.eval(IS_LISTED, keys.length, ...keys, lists.length, storedId);
    }
    const replies = valuesOf(await pipeline.exec());
    return places.filter((_place, index) => replies[index] === 1);
  }

  /** The job with its state, read in two steps; undefined when there is none. */
  async read(queue: string, storedId: string): Promise<FoundJob | undefined> {
    let record = await this.recordOf(queue, storedId);
    let state = await this.stateOf(queue, storedId);
    // The job may move in between. The state is read last, and both again if the data is of before the state: it may have moved on.
    for (let again = 0; again < MAX_REREADS; again++) {
      if (state === 'unknown') {
        if (await this.follows(record.job)) return { ...record, state: 'waiting' };
        // What it followed may have ended between the two looks.
        if (!record.job.deduplicationId || (await this.stateOf(queue, storedId)) === 'unknown')
          return undefined;
      } else if (!isOfBefore(record.job, state)) break;
      record = await this.recordOf(queue, storedId);
      state = await this.stateOf(queue, storedId);
    }
    if (state === 'unknown') return undefined;
    if (state !== 'delayed') return { ...record, state };
    const key = queueKey(this.options.prefix, queue, 'delayed');
    const score = await this.connections.producer.zscore(key, storedId);
    const runAt = score === null ? NaN : Math.floor(Number(score) / DELAYED_SCORE_UNIT);
    return { ...record, state, ...(isDate(runAt) ? { runAt } : {}) };
  }

  /** Its state in the words of the engine; `unknown` where there is none. */
  stateOf(queue: string, storedId: string): Promise<string> {
    const keys = STATES.map((part) => queueKey(this.options.prefix, queue, part));
    return JOB_STATE.run(this.connections.producer, keys, [storedId]) as Promise<string>;
  }

  /** The lines that are kept of its log. */
  async logsOf(queue: string, storedId: string): Promise<string[]> {
    const { logs } = await this.queues.get(queue).getJobLogs(storedId, 0, KEPT_LOG_LINES - 1);
    return logs;
  }

  /**
   * Its place among those that wait, from 1 on: jobs without a priority come first, then those with one. Undefined where it does not wait, or
   * more than 10,000 are ahead of it.
   */
  async positionOf({ job, state }: FoundJob): Promise<number | undefined> {
    const redis = this.connections.producer;
    const keyOf = (part: string) => queueKey(this.options.prefix, job.queueName, part);
    const id = job.id ?? '';
    const wait = keyOf('wait');
    if (state === 'prioritized') {
      const [rank, before] = await Promise.all([redis.zrank(keyOf('prioritized'), id), redis.llen(wait)]);
      return rank === null ? undefined : before + rank + 1;
    }
    if (state !== 'waiting') return undefined;
    // The next one stands at the end.
    const [index, length] = await Promise.all([
      redis.lpos(wait, id, 'RANK', -1, 'MAXLEN', MAX_POSITION),
      redis.llen(wait),
    ]);
    return index === null ? undefined : Math.max(1, length - index);
  }

  /** The lists of the queue that make up a state. */
  feeds(queue: string, state: JobState, offsets: Readonly<Record<string, number>>): JobFeed[] {
    const { producer, damaged } = this.connections;
    const engineQueue = this.queues.get(queue);
    return LISTS[state].map(
      (list) => new ListFeed(producer, engineQueue, list, offsets[`${queue} ${list}`] ?? 0, damaged.note),
    );
  }

  /** Looks at some of the jobs that wait, those of the list before those with a priority. */
  async glimpse(queue: string, places: readonly number[], withPayload: boolean): Promise<Glimpses> {
    const { prefix } = this.options;
    const keys = [queueKey(prefix, queue, 'wait'), queueKey(prefix, queue, 'prioritized')];
    const args = [queuePrefix(prefix, queue), withPayload ? 1 : 0, ...places];
    const reply = await GLIMPSE.run(this.connections.producer, keys, args);
    const [total, ...jobs] = reply as [number, ...GlimpseReply[]];
    return { total, jobs: jobs.map(toGlimpse) };
  }

  /**
   * Ends a job that waits, or leaves a request for one that runs, in one step.
   * @param reason what is stored as its failure
   */
  async cancel({ queue, storedId }: JobPlace, reason: string): Promise<CancelOutcome> {
    const { prefix } = this.options;
    const keys = [queueKey(prefix, queue, storedId), cancelsKey(prefix)];
    const member = cancelMember(queue, storedId);
    const args = [queuePrefix(prefix, queue), storedId, Date.now(), reason, member, EVENT_STREAM_LENGTH];
    return (await this.connections.producer.eval(CANCEL, keys.length, ...keys, ...args)) as CancelOutcome;
  }

  async promote({ queue, storedId }: Place): Promise<void> {
    await this.queues.get(queue).getBackend().promote(storedId);
  }

  async remove({ queue, storedId }: Place): Promise<void> {
    await this.queues.get(queue).remove(storedId);
  }

  private async recordOf(queue: string, storedId: string): Promise<JobRecord> {
    const key = queueKey(this.options.prefix, queue, storedId);
    const args = [SHOWN_FIELD_LIMIT, ...RECORD_FIELDS];
    const reply = await this.connections.producer.eval(READ_RECORD, 1, key, ...args);
    return toRecord(queue, storedId, reply as RecordReply);
  }

  /** Whether it waits for the end of an equal job that runs (`onConflict: 'rerun'`): it is in no list until then. */
  private async follows({ id, queueName, deduplicationId }: ReadJob): Promise<boolean> {
    if (!deduplicationId) return false;
    const key = queueKey(this.options.prefix, queueName, `dn:${deduplicationId}`);
    return (await this.connections.producer.hget(key, 'jid')) === id;
  }
}

/** Whether the job came into its state, by its end, a start or a failed attempt, after its data was read. */
function isOfBefore({ finishedOn, processedOn, delay }: ReadJob, state: string): boolean {
  if (state === 'completed' || state === 'failed') return !finishedOn;
  if (state === 'active') return !processedOn;
  return state === 'delayed' && !(delay > 0);
}

function isDate(ms: number): boolean {
  return !Number.isNaN(new Date(ms).getTime());
}
