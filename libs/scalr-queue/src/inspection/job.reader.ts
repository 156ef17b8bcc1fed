import { Injectable } from '@nestjs/common';
import { withDeadline } from '../engine/deadline.js';
import { ANY_NAME, type CatalogEntry, isField } from '../engine/redis/catalog-entry.js';
import { DELAYED_SCORE_UNIT, jobTypeField } from '../engine/redis/keys.js';
import { JobCatalog } from '../engine/redis/job.catalog.js';
import { QueueRegistry } from '../engine/redis/queue.registry.js';
import { RedisConnections } from '../engine/redis/connection/redis.connections.js';
import { toReadError } from '../engine/redis/connection/redis-error.js';
import { QueueUnavailableError } from '../contract/errors/enqueue.errors.js';
import { InvalidOptionError } from '../contract/errors/configuration.errors.js';
import { toStoredId } from '../engine/job-id.js';
import type { JobRef } from '../contract/job-ref.js';
import type { StoredFault } from '../engine/stored-fault.js';
import { ENQUEUE_DEADLINE, KEPT_LOG_LINES, SHOWN_FIELD_LIMIT } from '../contract/defaults.js';
import { describe } from '../contract/option-checker.js';
import {
  type JobRecord,
  type ReadJob,
  RECORD_FIELDS,
  type RecordReply,
  toRecord,
} from '../engine/redis/job-record.js';
import { IS_LISTED, READ_RECORD } from '../engine/redis/scripts/job-record.script.js';

/** A stored job of the engine and the state it is in. */
export interface FoundJob {
  readonly job: ReadJob;
  readonly state: string;
  /** Epoch milliseconds at which a delayed job may start. */
  readonly runAt?: number;
  /** Why not all of it can be told. */
  readonly fault?: StoredFault;
}

/** Where a job is stored. */
export interface JobPlace {
  readonly name: string;
  readonly queue: string;
  /** The engine's id. */
  readonly storedId: string;
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
    const parts = refParts(ref);
    return this.bounded(async () => {
      const place = await this.locate(parts);
      return place && this.readStored(place.queue, place.storedId);
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
    await this.connections.usable('read');
    const late = () => new QueueUnavailableError(`Redis did not answer within ${ENQUEUE_DEADLINE} ms`);
    return withDeadline(read(), ENQUEUE_DEADLINE + 50, late).catch(async (error: unknown) => {
      throw toReadError(await this.connections.named(error));
    });
  }

  /** Where the job is stored; looks again among the newest jobs of the app before it says nowhere. */
  async locate(parts: RefParts): Promise<JobPlace | undefined> {
    const found =
      (await this.search(await this.catalog.entries(), parts)) ??
      (await this.search(await this.catalog.entries(50), parts)) ??
      (await this.searchLists(await this.catalog.entries(), parts));
    const { id, name, queue } = parts;
    // A dead job that was retried may have gone to the queue that its definition has now.
    return found ?? (name === undefined || queue === undefined ? undefined : this.locate({ id, name }));
  }

  /** Where a job with this id may have been stored. */
  async placesOf(parts: RefParts): Promise<{ queue: string; storedId: string }[]> {
    return meant(await this.catalog.entries(), parts).map((entry) => ({
      queue: entry.queue,
      storedId: storedIdOf(entry, parts.id),
    }));
  }

  private async search(known: readonly CatalogEntry[], parts: RefParts): Promise<JobPlace | undefined> {
    const { id, name } = parts;
    const entries = meant(known, parts);
    if (entries.length === 0) return undefined;
    const pipeline = this.connections.producer.pipeline();
    for (const entry of entries) {
      const key = this.queues.get(entry.queue).toKey(storedIdOf(entry, id));
      // Some of the engine's own keys are hashes too: only a job has a name.
      if (entry.name === ANY_NAME) pipeline.hget(key, 'name');
      else pipeline.exists(key);
    }
    const replies = (await pipeline.exec()) ?? [];
    const found = entries.flatMap((entry, index): JobPlace[] => {
      const [error, reply] = replies[index] ?? [];
      // The id that is looked for may be the name of one of the engine's own keys.
      if (error?.message.startsWith('WRONGTYPE')) return [];
      if (error) throw error;
      const stored = reply === 1 ? entry.name : reply;
      if (typeof stored !== 'string' || (name !== undefined && stored !== name)) return [];
      return [{ name: stored, queue: entry.queue, storedId: storedIdOf(entry, id) }];
    });
    return chosenOf(found, (one) => this.catalog.queueOf(one));
  }

  /** When the data of a job is gone its id may still be in a list. */
  private async searchLists(known: readonly CatalogEntry[], parts: RefParts): Promise<JobPlace | undefined> {
    const entries = meant(known, parts).filter(({ name }) => name !== ANY_NAME);
    if (entries.length === 0) return undefined;
    const pipeline = this.connections.producer.pipeline();
    for (const entry of entries) {
      const { toKey } = this.queues.get(entry.queue);
      const lists = ['wait', 'active'].map((list) => toKey(list));
      const sets = ['prioritized', 'delayed', 'failed', 'completed'].map((set) => toKey(set));
      const keys = [...lists, ...sets];
      pipeline.eval(IS_LISTED, keys.length, ...keys, lists.length, storedIdOf(entry, parts.id));
    }
    const replies = (await pipeline.exec()) ?? [];
    const found = entries.flatMap((entry, index): JobPlace[] => {
      const [error, reply] = replies[index] ?? [];
      if (error) throw error;
      return reply === 1 ? [{ ...entry, storedId: storedIdOf(entry, parts.id) }] : [];
    });
    return chosenOf(found, (one) => this.catalog.queueOf(one));
  }

  /** The job with the engine's id. */
  async readStored(queueName: string, storedId: string): Promise<FoundJob | undefined> {
    const queue = this.queues.get(queueName);
    // Two reads: the job may move in between. The state is read last, and the data again if it is of before the state.
    let record = await this.recordOf(queueName, storedId);
    const state = await queue.getJobState(storedId);
    if (state === 'unknown')
      return (await this.follows(record.job)) ? { ...record, state: 'waiting' } : undefined;
    if (isOfBefore(record.job, state)) record = await this.recordOf(queueName, storedId);
    if (state !== 'delayed') return { ...record, state };
    const score = await this.connections.producer.zscore(queue.toKey('delayed'), storedId);
    const runAt = score === null ? NaN : Math.floor(Number(score) / DELAYED_SCORE_UNIT);
    return { ...record, state, ...(isDate(runAt) ? { runAt } : {}) };
  }

  private async recordOf(queueName: string, storedId: string): Promise<JobRecord> {
    const key = this.queues.get(queueName).toKey(storedId);
    const args = [SHOWN_FIELD_LIMIT, ...RECORD_FIELDS];
    const reply = await this.connections.producer.eval(READ_RECORD, 1, key, ...args);
    return toRecord(queueName, storedId, reply as RecordReply);
  }

  /** Whether it waits for the end of an equal job that runs (`onConflict: 'rerun'`): it is in no list until then. */
  private async follows({ id, queueName, deduplicationId }: ReadJob): Promise<boolean> {
    if (!deduplicationId) return false;
    const key = this.queues.get(queueName).toKey(`dn:${deduplicationId}`);
    return (await this.connections.producer.hget(key, 'jid')) === id;
  }
}

/** Whether the job came into its state, by its end, a start or a failed attempt, after its data was read. */
function isOfBefore({ finishedOn, processedOn, delay }: ReadJob, state: string): boolean {
  if (state === 'completed' || state === 'failed') return !finishedOn;
  if (state === 'active') return !processedOn;
  return state === 'delayed' && !(delay > 0);
}

function storedIdOf(entry: CatalogEntry, id: string): string {
  return entry.name === ANY_NAME ? id : toStoredId(entry.name, id);
}

function isDate(ms: number): boolean {
  return !Number.isNaN(new Date(ms).getTime());
}

/** The entries that a reference may mean; that of an `EnqueuedJob` also where nobody has written it down yet. */
function meant(known: readonly CatalogEntry[], { name, queue }: RefParts): CatalogEntry[] {
  const entries = known.filter(
    (entry) =>
      (queue === undefined || entry.queue === queue) &&
      (name === undefined || entry.name === name || entry.name === ANY_NAME),
  );
  const isNew = name !== undefined && queue !== undefined && !entries.some((entry) => entry.name === name);
  return isNew && isField(jobTypeField(name, queue)) ? [...entries, { name, queue }] : entries;
}

/**
 * The one that is meant among jobs with the same id: of one definition in two queues, that of the queue it has now.
 * @throws InvalidOptionError where that cannot be told
 */
export function chosenOf(
  found: readonly JobPlace[],
  queueOf: (name: string) => string | undefined,
): JobPlace | undefined {
  if (found.length <= 1) return found[0];
  const [first] = found;
  const isOne = found.every(({ name }) => name === first!.name);
  const current = isOne ? found.find((place) => place.queue === queueOf(place.name)) : undefined;
  if (!current) throw ambiguous(found);
  return current;
}

/** @param found jobs with the same id */
function ambiguous(found: readonly { readonly name: string; readonly queue: string }[]): InvalidOptionError {
  const differ = new Set(found.map(({ name }) => name)).size === found.length;
  const names = found.map(({ name, queue }) => (differ ? `"${name}"` : `"${name}" in the queue ${queue}`));
  const field = differ ? 'name' : 'queue';
  return new InvalidOptionError(
    `the id is used by jobs of ${names.join(' and ')}: pass { id, ${field} } instead of the id`,
  );
}

/** A reference to a job, taken apart. */
export interface RefParts {
  readonly id: string;
  readonly name?: string;
  readonly queue?: string;
}

/** The parts of a reference to a job; throws InvalidOptionError. */
export function refParts(ref: unknown): RefParts {
  if (typeof ref === 'string' && ref !== '') return { id: ref };
  if (typeof ref === 'object' && ref !== null) {
    const { id, name, queue } = ref as { id?: unknown; name?: unknown; queue?: unknown };
    const isText = (value: unknown) => value === undefined || typeof value === 'string';
    if (typeof id === 'string' && isText(name) && isText(queue) && (name ?? queue) !== undefined)
      return { id, name, queue };
  }
  throw new InvalidOptionError(
    `expected the id of a job, { id, name } or { id, queue }, got: ${describe(ref)}`,
  );
}
