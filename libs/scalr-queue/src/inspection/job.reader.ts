import { Injectable } from '@nestjs/common';
import { withDeadline } from '../engine/deadline.js';
import { ANY_NAME, isJobType, type JobType } from '../engine/job-type.js';
import type { FoundJob, JobPlace } from '../engine/found-job.js';
import { QueueEngine } from '../engine/queue.engine.js';
import { QueueUnavailableError } from '../contract/errors/enqueue.errors.js';
import { InvalidOptionError } from '../contract/errors/configuration.errors.js';
import { ambiguousId, toStoredId } from '../engine/job-id.js';
import type { JobRef } from '../contract/job-ref.js';
import { ENQUEUE_DEADLINE } from '../contract/defaults.js';
import { describe } from '../contract/option-checker.js';

/** Finds stored jobs by id, over all queues of the app. */
@Injectable()
export class JobReader {
  constructor(private readonly engine: QueueEngine) {}

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

  /** What the handler of a job has reported with `ctx.log`. */
  logsOf({ job }: FoundJob): Promise<string[]> {
    return this.bounded(() => this.engine.jobs.logsOf(job.queueName, job.id ?? ''));
  }

  /** Runs a read within the deadline and turns its failure into an error of ours. */
  async bounded<T>(read: () => Promise<T>): Promise<T> {
    await this.engine.usable('read');
    const late = () => new QueueUnavailableError(`Redis did not answer within ${ENQUEUE_DEADLINE} ms`);
    return withDeadline(read(), ENQUEUE_DEADLINE + 50, late).catch(async (error: unknown) => {
      throw await this.engine.readError(error);
    });
  }

  /** Where the job is stored; looks again among the newest jobs of the app before it says nowhere. */
  async locate(parts: RefParts): Promise<JobPlace | undefined> {
    const found =
      (await this.search(await this.engine.types.entries(), parts)) ??
      (await this.search(await this.engine.types.entries(50), parts)) ??
      (await this.searchLists(await this.engine.types.entries(), parts));
    const { id, name, queue } = parts;
    // A dead job that was retried may have gone to the queue that its definition has now.
    return found ?? (name === undefined || queue === undefined ? undefined : this.locate({ id, name }));
  }

  /** Where a job with this id may have been stored. */
  async placesOf(parts: RefParts): Promise<JobPlace[]> {
    return placesOf(await this.engine.types.entries(), parts);
  }

  private async search(known: readonly JobType[], parts: RefParts): Promise<JobPlace | undefined> {
    const places = placesOf(known, parts);
    if (places.length === 0) return undefined;
    const stored = await this.engine.jobs.stored(places);
    const found = stored.filter(({ name }) => parts.name === undefined || name === parts.name);
    return chosenOf(found, (one) => this.engine.types.queueOf(one));
  }

  /** When the data of a job is gone its id may still be in a list. */
  private async searchLists(known: readonly JobType[], parts: RefParts): Promise<JobPlace | undefined> {
    const places = placesOf(known, parts).filter(({ name }) => name !== ANY_NAME);
    if (places.length === 0) return undefined;
    return chosenOf(await this.engine.jobs.listed(places), (one) => this.engine.types.queueOf(one));
  }

  /** The job with the engine's id. */
  readStored(queue: string, storedId: string): Promise<FoundJob | undefined> {
    return this.engine.jobs.read(queue, storedId);
  }
}

function storedIdOf(entry: JobType, id: string): string {
  return entry.name === ANY_NAME ? id : toStoredId(entry.name, id);
}

/** Where the job of a reference may be. */
function placesOf(known: readonly JobType[], parts: RefParts): JobPlace[] {
  return meant(known, parts).map((entry) => ({ ...entry, storedId: storedIdOf(entry, parts.id) }));
}

/** The entries that a reference may mean; that of an `EnqueuedJob` also where nobody has written it down yet. */
function meant(known: readonly JobType[], { name, queue }: RefParts): JobType[] {
  const entries = known.filter(
    (entry) =>
      (queue === undefined || entry.queue === queue) &&
      (name === undefined || entry.name === name || entry.name === ANY_NAME),
  );
  const isNew = name !== undefined && queue !== undefined && !entries.some((entry) => entry.name === name);
  return isNew && isJobType({ name, queue }) ? [...entries, { name, queue }] : entries;
}

/**
 * The one that is meant among jobs with the same id: of one definition in two queues, that of the queue it has now.
 * @throws InvalidOptionError where that is not known
 */
function chosenOf(
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
  return ambiguousId(names, differ ? 'name' : 'queue');
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
