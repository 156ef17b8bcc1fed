import { Injectable } from '@nestjs/common';
import { firstOf } from '../engine/first-of.js';
import type { JobFeed } from '../engine/found-job.js';
import { QueueEngine } from '../engine/queue.engine.js';
import { nameOfStoredId } from '../engine/job-id.js';
import type { JobInfo, JobState } from '../contract/job-info.js';
import { AppState } from './app.state.js';
import { toJobInfo } from './job-info.mapper.js';
import { checkListOptions, type CheckedListOptions, type JobListPage, toCursor } from './job-list.options.js';
import { JobReader } from './job.reader.js';
import { checkQueue } from './unknown-queue.js';

/** Ids that one call looks at, at the most: a rare name among a million jobs is found over several pages. */
const MOST_LOOKS = 5_000;
/** The same where each of them has to be read to know whether it is meant. */
const MOST_READS = 1_000;
/** Jobs read in one round trip: payloads can be large. */
const READ_SLICE = 50;

interface Chosen {
  readonly queue: string;
  readonly storedId: string;
}

/** Lists jobs page by page: the cost of a page does not grow with the number of jobs. */
@Injectable()
export class JobLister {
  constructor(
    private readonly engine: QueueEngine,
    private readonly state: AppState,
    private readonly reader: JobReader,
  ) {}

  async page(given: unknown): Promise<JobListPage> {
    const options = checkListOptions(given);
    const names = await this.reader.bounded(() => this.queueNames(options));
    const first = options.after ? options.states.indexOf(options.after.state) : 0;
    const jobs: JobInfo[] = [];
    const most = options.tag === undefined ? MOST_LOOKS : MOST_READS;
    let looks = 0;
    for (const state of options.states.slice(Math.max(0, first))) {
      const feeds = this.feedsOf(state, names, options);
      const room = () => options.limit - jobs.length;
      for (;;) {
        const part = await this.reader.bounded(() =>
          nextOf(feeds, Math.min(room(), READ_SLICE), most - looks, options.name),
        );
        looks += part.looks;
        jobs.push(...(await this.readAll(part.chosen, state, options)));
        if (part.ended) break;
        if (room() > 0 && looks < most) continue;
        const offsets = Object.fromEntries(feeds.map((feed) => [feed.key, feed.taken]));
        return { jobs, cursor: toCursor({ state, offsets }) };
      }
    }
    return { jobs };
  }

  private async queueNames({ queue, name }: CheckedListOptions): Promise<string[]> {
    const known = (await this.state.read()).queues.map((one) => one.name);
    if (queue !== undefined) {
      checkQueue(queue, known);
      return [queue];
    }
    if (name === undefined) return known;
    const entries = await this.engine.types.entries();
    const its = entries.filter((entry) => entry.name === name).map((entry) => entry.queue);
    return its.length > 0 ? its.toSorted() : known;
  }

  private feedsOf(state: JobState, names: readonly string[], { after }: CheckedListOptions): JobFeed[] {
    const offsets = after?.state === state ? after.offsets : {};
    return names.flatMap((name) => this.engine.jobs.feeds(name, state, offsets));
  }

  /** Left out are those that have moved on meanwhile. */
  private async readAll(
    chosen: readonly Chosen[],
    state: JobState,
    { name, tag }: CheckedListOptions,
  ): Promise<JobInfo[]> {
    const found = await this.reader.bounded(() =>
      Promise.all(chosen.map(({ queue, storedId }) => this.reader.readStored(queue, storedId))),
    );
    return found
      .filter((one) => one !== undefined)
      .map(toJobInfo)
      .filter(
        (job) =>
          job.state === state &&
          (name === undefined || job.name === name) &&
          (tag === undefined || job.tags?.includes(tag) === true),
      );
  }
}

const byOrder = (one: { order: number }, other: { order: number }): number => one.order - other.order;

/** The next jobs over all lists; `ended` when there are no more. */
async function nextOf(feeds: readonly JobFeed[], limit: number, mostLooks: number, name?: string) {
  const chosen: Chosen[] = [];
  let looks = 0;
  for (;;) {
    const heads = new Map<JobFeed, Awaited<ReturnType<JobFeed['head']>>>();
    for (const feed of feeds) heads.set(feed, await feed.head());
    const feed = firstOf(feeds, (one) => heads.get(one), byOrder);
    if (!feed) return { chosen, looks, ended: true };
    if (chosen.length >= limit || looks >= mostLooks) return { chosen, looks, ended: false };
    const { storedId } = heads.get(feed)!;
    feed.take();
    looks++;
    // Of a job that others enqueued the id does not hold the name: it is looked at when it has been read.
    if (name === undefined || (nameOfStoredId(storedId) ?? name) === name)
      chosen.push({ queue: feed.queue, storedId });
  }
}
