import { Injectable } from '@nestjs/common';
import type { Actor } from '../contract/audit.js';
import type { JobFeed, JobPlace } from '../engine/found-job.js';
import { nameOfStoredId } from '../engine/job-id.js';
import { QueueEngine } from '../engine/queue.engine.js';
import { checkBatch, type CheckedBatch } from './batch.options.js';
import { payloadOf } from './job-details.mapper.js';
import { toJobInfo } from './job-info.mapper.js';
import { JobCanceller } from './job.canceller.js';
import { JobReader } from './job.reader.js';
import { type CheckedPending, checkPending, matchesPending, needsReading } from './pending.filter.js';
import { checkQueue } from './unknown-queue.js';

/** Options of `cancelMany`. */
export interface CancelManyOptions extends Actor {
  /** The most jobs to take, of each queue the newest first and of delayed ones the next to run. Defaults to all that match. */
  readonly limit?: number;
  /** Only counts; nothing is changed. Defaults to false. */
  readonly dryRun?: boolean;
  /** Called after every slice of at most 1,000 jobs looked at or 100 cancelled. */
  readonly onProgress?: (progress: CancelManyProgress) => void;
  /** Stops after the at most 100 jobs that are on their way; the result then has `more`. */
  readonly signal?: AbortSignal;
}

/** What became of the jobs. */
export interface CancelManyCounts {
  readonly matched: number;
  /** Those that will never run. */
  readonly cancelled: number;
  /** Those that had started meanwhile, and were asked to stop. */
  readonly cancelling: number;
}

type CancelManyProgress = { readonly scanned: number } & CancelManyCounts;

/** What `cancelMany` did. */
export interface CancelManyResult extends CancelManyCounts {
  /** Present when the `limit` or the `signal` ended it early: others may match. */
  readonly more?: true;
}

/** Ids looked at in one go. */
const WINDOW = 1_000;
/** Jobs read in one round trip: payloads can be large. */
const READ_SLICE = 50;
/** Jobs ended in one round trip: few enough that no other app waits for them. */
const ACTION_SLICE = 100;
/** Jobs that moved while the lists were read are found by another look; there is no end to new ones. */
const MAX_PASSES = 3;

/** Ends the waiting jobs that match a filter, in slices: however many there are, no call holds Redis or this process up. */
@Injectable()
export class PendingCanceller {
  constructor(
    private readonly engine: QueueEngine,
    private readonly reader: JobReader,
    private readonly canceller: JobCanceller,
  ) {}

  /** @throws InvalidOptionError, QueueUnavailableError */
  async cancel(given: unknown, options: unknown): Promise<CancelManyResult> {
    const run = new Run(checkPending(given), checkBatch<CancelManyProgress>(options));
    const queues = await this.reader.bounded(() => this.queuesOf(run.filter));
    for (let pass = 0; pass < MAX_PASSES && !run.isOver; pass++) {
      const before = run.counts.cancelled;
      for (const queue of queues)
        for (const state of run.filter.states)
          for (const { key } of this.engine.jobs.feeds(queue, state, {}))
            await this.list(run, queue, state, key);
      if (run.options.dryRun || run.counts.cancelled === before) break;
    }
    return { ...run.counts, ...(run.isOver ? { more: true } : {}) };
  }

  /** The queue that the filter names, or those that its definition is known to be in, or all. */
  private async queuesOf({ queue, name }: CheckedPending): Promise<string[]> {
    const entries = await this.engine.types.entries();
    const known = [
      ...new Set([...entries.map((entry) => entry.queue), ...this.engine.queues.names()]),
    ].toSorted();
    if (queue !== undefined) {
      checkQueue(queue, known);
      return [queue];
    }
    const its = entries.filter((entry) => entry.name === name).map((entry) => entry.queue);
    return its.length > 0 ? its.toSorted() : known;
  }

  /** One list of the engine, from its head on: what is ended leaves it, and the rest moves up. */
  private async list(run: Run, queue: string, state: 'waiting' | 'delayed', key: string): Promise<void> {
    let offset = 0;
    while (!run.isOver) {
      const feed = this.engine.jobs.feeds(queue, state, { [key]: offset }).find((one) => one.key === key)!;
      const ids = await this.reader.bounded(() => idsOf(feed, WINDOW));
      const before = run.counts.cancelled;
      for (const place of await this.matching(queue, ids, run.filter)) run.chosen.push(place);
      await this.act(run);
      run.looked(ids.length);
      offset = feed.taken - (run.counts.cancelled - before);
      if (ids.length < WINDOW) return;
    }
  }

  private async matching(queue: string, ids: readonly string[], filter: CheckedPending): Promise<JobPlace[]> {
    const places: JobPlace[] = [];
    const unread: string[] = [];
    for (const storedId of ids) {
      const name = nameOfStoredId(storedId);
      if (filter.name !== undefined && name !== undefined && name !== filter.name) continue;
      // The id of a job that others enqueued does not hold its name.
      if (name === undefined || needsReading(filter)) unread.push(storedId);
      else places.push({ queue, storedId, name });
    }
    for (let from = 0; from < unread.length; from += READ_SLICE)
      places.push(...(await this.read(queue, unread.slice(from, from + READ_SLICE), filter)));
    return places;
  }

  private async read(queue: string, ids: readonly string[], filter: CheckedPending): Promise<JobPlace[]> {
    const found = await this.reader.bounded(() =>
      Promise.all(ids.map((storedId) => this.reader.readStored(queue, storedId))),
    );
    return found.flatMap((one, index): JobPlace[] =>
      one && matchesPending(filter, toJobInfo(one), payloadOf(one.job))
        ? [{ queue, storedId: ids[index]!, name: one.job.name }]
        : [],
    );
  }

  private async act(run: Run): Promise<void> {
    while (run.chosen.length > 0 && !run.isOver) {
      const slice = run.chosen.splice(0, Math.min(ACTION_SLICE, run.room));
      if (run.options.dryRun) run.count(slice.length, []);
      else {
        const ending = () => Promise.all(slice.map((place) => this.canceller.cancelAt(place)));
        run.count(slice.length, await this.reader.bounded(ending));
      }
    }
    run.chosen.length = 0;
  }
}

/** How far one call is. */
class Run {
  counts = { matched: 0, cancelled: 0, cancelling: 0 };
  readonly chosen: JobPlace[] = [];
  private scanned = 0;

  constructor(
    readonly filter: CheckedPending,
    readonly options: CheckedBatch<CancelManyProgress>,
  ) {}

  get room(): number {
    return this.options.limit - this.counts.matched;
  }

  get isOver(): boolean {
    return this.room <= 0 || this.options.signal?.aborted === true;
  }

  count(matched: number, outcomes: readonly string[]): void {
    // Jobs that ended or went away meanwhile are none of those that matched.
    const gone = outcomes.filter((outcome) => outcome === 'finished' || outcome === 'not-found').length;
    const { counts } = this;
    this.counts = {
      matched: counts.matched + matched - gone,
      cancelled: counts.cancelled + outcomes.filter((outcome) => outcome === 'cancelled').length,
      cancelling: counts.cancelling + outcomes.filter((outcome) => outcome === 'cancelling').length,
    };
    this.report();
  }

  looked(ids: number): void {
    this.scanned += ids;
    this.report();
  }

  private report(): void {
    this.options.onProgress?.({ scanned: this.scanned, ...this.counts });
  }
}

async function idsOf(feed: JobFeed, most: number): Promise<string[]> {
  const ids: string[] = [];
  while (ids.length < most) {
    const head = await feed.head();
    if (!head) break;
    ids.push(head.storedId);
    feed.take();
  }
  return ids;
}
