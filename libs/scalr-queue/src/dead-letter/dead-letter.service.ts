import { Injectable } from '@nestjs/common';
import { JobCatalog } from '../connection/job.catalog.js';
import { QueueRegistry } from '../connection/queue.registry.js';
import { RedisConnections } from '../connection/redis.connections.js';
import { InvalidOptionError } from '../errors/configuration.errors.js';
import { JobReader } from '../inspection/job.reader.js';
import type { JobRef } from '../jobs/job-ref.js';
import { OptionChecker } from '../options/option-checker.js';
import type { DeadJob } from './dead-job.js';
import { toDeadJob } from './dead-job.mapper.js';
import { DeadLetterActions } from './dead-letter.actions.js';
import { fromCursor, type Position, toCursor } from './dead-letter.cursor.js';
import {
  type CheckedFilter,
  checkFilter,
  type DeadLetterFilter,
  needsReading,
} from './dead-letter.filter.js';
import type { DeadLetterActionOptions, DeadLetterPage } from './dead-letter.options.js';
import { DeadLetterScanner } from './dead-letter.scanner.js';

/** Jobs changed in one round trip: few enough that no other app waits for them. */
const ACTION_SLICE = 100;
const MOST = 100_000_000;
const check = new OptionChecker(InvalidOptionError);
const ACTION_KEYS = ['limit', 'dryRun', 'cursor', 'onProgress', 'signal'];

/**
 * The dead jobs of the app: those that ended without success. They are the engine's own failed jobs, so there is no moment
 * at which a job is in neither place. All calls work through the set in slices, and never hold up other apps.
 */
@Injectable()
export class DeadLetterService {
  /** @internal */
  constructor(
    private readonly scanner: DeadLetterScanner,
    private readonly actions: DeadLetterActions,
    private readonly reader: JobReader,
    private readonly catalog: JobCatalog,
    private readonly registry: QueueRegistry,
    private readonly connections: RedisConnections,
  ) {}

  /**
   * A page of dead jobs, newest first.
   *
   * @returns the jobs, and the cursor of the next page unless this is the last
   * @throws InvalidOptionError for a wrong filter, limit or cursor; QueueUnavailableError when Redis does not answer
   */
  async list(
    filter: DeadLetterFilter = {},
    page: DeadLetterPage = {},
  ): Promise<{ jobs: DeadJob[]; cursor?: string }> {
    const checked = checkFilter(filter);
    const { limit = 50, cursor } = check.object('the page', page, ['limit', 'cursor']);
    const size = check.integer('limit', limit, 1, 1_000);
    const after = fromCursor(cursor);
    const chosen: Position[] = [];
    for await (const { matches } of this.scanner.scan(await this.queuesOf(checked), checked, after)) {
      chosen.push(...matches);
      // One more than the page tells whether there is another.
      if (chosen.length > size) break;
    }
    const found = await this.reader.bounded(() =>
      Promise.all(
        chosen.slice(0, size).map(({ queue, storedId }) => this.reader.readStored(queue, storedId)),
      ),
    );
    const jobs = found.filter((job) => job?.state === 'failed').map((job) => toDeadJob(job!));
    return chosen.length > size ? { jobs, cursor: toCursor(chosen[size - 1]!) } : { jobs };
  }

  /**
   * How many dead jobs match. Without `definition`, `reason` and `error` the answer does not depend on how many there are.
   * @throws InvalidOptionError, QueueUnavailableError
   */
  async count(filter: DeadLetterFilter = {}): Promise<number> {
    const checked = checkFilter(filter);
    const queues = await this.queuesOf(checked);
    let count = 0;
    if (checked.idPrefix === undefined && !needsReading(checked)) {
      const max = checked.to === Infinity ? '+inf' : checked.to;
      const counts = await this.reader.bounded(() =>
        Promise.all(
          queues.map((queue) => this.connections.producer.zcount(this.failedKey(queue), checked.from, max)),
        ),
      );
      for (const each of counts) count += each;
      return count;
    }
    for await (const { matches } of this.scanner.scan(queues, checked)) count += matches.length;
    return count;
  }

  /** The dead job, or `undefined` when none with this id is dead. */
  async get(ref: JobRef): Promise<DeadJob | undefined> {
    const found = await this.reader.find(ref);
    return found?.state === 'failed' ? toDeadJob(found) : undefined;
  }

  /**
   * Puts dead jobs back into their queues: same id, same payload, a full set of attempts, and their history.
   *
   * @param which the id of one job, or a filter; `{}` means every dead job of the app
   * @returns how many matched, how many were retried (another process may have been first), and where to carry on when a
   * `limit` or the `signal` ended it early
   * @throws InvalidOptionError; QueueUnavailableError when Redis does not answer: what was done until then stays done
   */
  async retry(
    which: string | DeadLetterFilter,
    options: DeadLetterActionOptions = {},
  ): Promise<{ matched: number; retried: number; cursor?: string }> {
    const { done, ...rest } = await this.act(which, options, (positions) => this.actions.retry(positions));
    return { ...rest, retried: done };
  }

  /**
   * Removes dead jobs for good.
   *
   * @param which the id of one job, or a filter; `{}` means every dead job of the app
   * @throws as `retry`
   */
  async discard(
    which: string | DeadLetterFilter,
    options: DeadLetterActionOptions = {},
  ): Promise<{ matched: number; discarded: number; cursor?: string }> {
    const { done, ...rest } = await this.act(which, options, (positions) => this.actions.discard(positions));
    return { ...rest, discarded: done };
  }

  private async act(
    which: string | DeadLetterFilter,
    options: DeadLetterActionOptions,
    action: (positions: readonly Position[]) => Promise<number>,
  ): Promise<{ matched: number; done: number; cursor?: string }> {
    const given = check.object('the options', options, ACTION_KEYS) as DeadLetterActionOptions;
    const limit = given.limit === undefined ? MOST : check.integer('limit', given.limit, 1, MOST);
    const dryRun = given.dryRun !== undefined && check.boolean('dryRun', given.dryRun);
    if (typeof which === 'string') return this.actOnOne(which, dryRun, action);
    const checked = checkFilter(which);
    const after = fromCursor(given.cursor);
    const total = { scanned: 0, matched: 0, done: 0 };
    for await (const part of this.scanner.scan(await this.queuesOf(checked), checked, after)) {
      const chosen = part.matches.slice(0, limit - total.matched);
      if (!dryRun) total.done += await inSlices(chosen, action);
      total.scanned += part.scanned;
      total.matched += chosen.length;
      given.onProgress?.({ ...total });
      const end = chosen.length < part.matches.length ? chosen.at(-1)! : part.last;
      const { matched, done } = total;
      if (matched >= limit || given.signal?.aborted) return { matched, done, cursor: toCursor(end) };
    }
    return { matched: total.matched, done: total.done };
  }

  private async actOnOne(
    id: string,
    dryRun: boolean,
    action: (positions: readonly Position[]) => Promise<number>,
  ) {
    const found = await this.reader.find(id);
    if (found?.state !== 'failed') return { matched: 0, done: 0 };
    const { job } = found;
    const position = { queue: job.queueName, storedId: job.id ?? '', diedAt: job.finishedOn ?? 0 };
    return { matched: 1, done: dryRun ? 0 : await action([position]) };
  }

  /** The queues to look into: the one that the filter names, or all that any process of the app has used. */
  private async queuesOf({ queue }: CheckedFilter): Promise<string[]> {
    if (queue !== undefined) return [queue];
    const entries = await this.reader.bounded(() => this.catalog.entries());
    return [...new Set([...entries.map((entry) => entry.queue), ...this.registry.names()])].toSorted();
  }

  private failedKey(queue: string): string {
    return this.registry.get(queue).toKey('failed');
  }
}

async function inSlices(
  positions: readonly Position[],
  action: (slice: readonly Position[]) => Promise<number>,
): Promise<number> {
  let done = 0;
  for (let from = 0; from < positions.length; from += ACTION_SLICE) {
    done += await action(positions.slice(from, from + ACTION_SLICE));
  }
  return done;
}
