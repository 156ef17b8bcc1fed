import { AuditLog } from '../audit/audit.log.js';
import type { DeadPosition } from '../engine/dead-position.js';
import { Injectable } from '@nestjs/common';
import { JobReader } from '../inspection/job.reader.js';
import type { JobRef } from '../contract/job-ref.js';
import { refuseMore } from '../contract/more-arguments.js';
import type { DeadGroups } from './dead-group.js';
import type { DeadJob } from '../contract/dead-job.js';
import type { KeyConflict } from './dead-job.js';
import { toDeadJob } from './dead-job.mapper.js';
import { type BatchOutcome, DeadLetterBatch } from './dead-letter.batch.js';
import { toCursor } from './dead-letter.cursor.js';
import { checkFilter, type DeadLetterFilter } from './dead-letter.filter.js';
import { DeadLetterGroups } from './dead-letter.groups.js';
import { checkPage, type DeadLetterActionOptions, type DeadLetterPage } from './dead-letter.options.js';
import { DeadLetterScanner } from './dead-letter.scanner.js';
import type { Redrive, RedriveOptions, RedriveOutcome } from './redrive.js';
import { Redrives } from './redrives.js';

/** Jobs read in one round trip: payloads can be large. */
const READ_SLICE = 50;

/**
 * The dead jobs of the app: those that ended without success. They are the engine's own failed jobs, so there is no moment
 * at which a job is in neither place. All calls work through the set in slices, and never hold up other apps.
 */
@Injectable()
export class DeadLetterService {
  /** @internal */
  constructor(
    private readonly scanner: DeadLetterScanner,
    private readonly batch: DeadLetterBatch,
    private readonly grouping: DeadLetterGroups,
    private readonly running: Redrives,
    private readonly reader: JobReader,
    private readonly audit: AuditLog,
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
    ...none: never[]
  ): Promise<{ jobs: DeadJob[]; cursor?: string }> {
    refuseMore(none, 'list takes two arguments: list(filter, { limit, cursor })');
    const checked = checkFilter(filter);
    const { limit, after } = checkPage(page);
    const chosen: DeadPosition[] = [];
    for await (const { matches } of this.scanner.scan(checked, after)) {
      chosen.push(...matches);
      // One more than the page tells whether there is another.
      if (chosen.length > limit) break;
    }
    const jobs = await this.read(chosen.slice(0, limit));
    return chosen.length > limit ? { jobs, cursor: toCursor(chosen[limit - 1]!) } : { jobs };
  }

  /**
   * How many dead jobs match. Without `definition`, `reason` and `error` the answer does not depend on how many there are.
   * @throws InvalidOptionError, QueueUnavailableError
   */
  async count(filter: DeadLetterFilter = {}, ...none: never[]): Promise<number> {
    refuseMore(none, 'count takes one argument: count(filter)');
    return this.scanner.count(checkFilter(filter));
  }

  /**
   * What they died of: jobs with the same definition, reason, error and shape of the message are one group, whatever ids, addresses,
   * times and numbers their messages hold. A status of HTTP stays apart.
   *
   * @returns the groups, the largest first; the `fingerprint` of one is what `filter.group` of the other methods takes
   * @throws InvalidOptionError, QueueUnavailableError
   */
  async groups(filter: DeadLetterFilter = {}, ...none: never[]): Promise<DeadGroups> {
    refuseMore(none, 'groups takes one argument: groups(filter)');
    return this.grouping.count(checkFilter(filter));
  }

  /** The dead job, or `undefined` when none with this id is dead. */
  async get(ref: JobRef): Promise<DeadJob | undefined> {
    const found = await this.reader.find(ref);
    return found?.state === 'failed' ? toDeadJob(found) : undefined;
  }

  /**
   * Puts dead jobs back into their queues: same id, same payload, a full set of attempts, and their history. A retried job
   * does not expire. A unique one takes its key again; where another job holds that, it stays dead, and `conflicts` names the holder.
   *
   * @param which the id of one job (or `{ id, name }`), or a filter; `{}` means every dead job of the app
   * @returns how many matched, how many were retried (another process may have been first), and where to carry on when a
   * `limit` or the `signal` ended it early
   * @throws InvalidOptionError; QueueUnavailableError when Redis does not answer: what was done until then stays done
   */
  async retry(
    which: JobRef | DeadLetterFilter,
    options: DeadLetterActionOptions = {},
  ): Promise<{ matched: number; retried: number; cursor?: string; conflicts?: readonly KeyConflict[] }> {
    const { done, ...rest } = await this.act('retry', which, options);
    return { ...rest, retried: done };
  }

  /**
   * Puts dead jobs back as `retry` does, and so that it can be held in hand: at a `rate`, or only the `first` ones; it stops by itself when too many
   * of them die again, is written down step by step, and can be carried on with `resume` after anything, a kill included. No job is
   * retried twice, though it may have died again meanwhile.
   *
   * @returns when it is done or has stopped, and then why. Jobs that die after the call began are left alone
   * @throws InvalidOptionError; QueueUnavailableError when Redis does not answer: `resume` carries on
   */
  async redrive(filter: DeadLetterFilter, options: RedriveOptions = {}): Promise<RedriveOutcome> {
    return this.running.begin(filter, options);
  }

  /**
   * Carries on a redrive that has stopped, or whose process is gone, which is certain after ten seconds: until then it waits. Looks at the first jobs
   * anew where it had stopped. Options that are left out stay as they were, but for `first`.
   *
   * @throws InvalidOptionError where there is none, it is done, or another process runs it; else as `redrive`
   */
  async resume(id: string, options: RedriveOptions = {}): Promise<RedriveOutcome> {
    return this.running.resume(id, options);
  }

  /** Carries on a redrive whose process is gone, and none that was stopped. @internal */
  async carryOn(id: string, options: RedriveOptions): Promise<RedriveOutcome> {
    return this.running.resume(id, options, true);
  }

  /** The last redrives of the app, the newest first: at most 100, of seven days. @throws QueueUnavailableError */
  async redrives(): Promise<Redrive[]> {
    return this.running.list();
  }

  /** How far a redrive is; undefined when there is none. @throws InvalidOptionError, QueueUnavailableError */
  async getRedrive(id: string): Promise<Redrive | undefined> {
    return this.running.get(id);
  }

  /**
   * Stops a redrive, whichever process runs it: no job is retried from then on, and `resume` does the rest.
   * @returns how far it is; undefined when there is none
   */
  async stop(id: string): Promise<Redrive | undefined> {
    return this.running.stop(id);
  }

  /**
   * Removes dead jobs for good.
   *
   * @param which the id of one job (or `{ id, name }`), or a filter; `{}` means every dead job of the app
   * @throws as `retry`
   */
  async delete(
    which: JobRef | DeadLetterFilter,
    options: DeadLetterActionOptions = {},
  ): Promise<{ matched: number; deleted: number; cursor?: string }> {
    const { done, ...rest } = await this.act('delete', which, options);
    return { ...rest, deleted: done };
  }

  private act(
    action: 'retry' | 'delete',
    which: JobRef | DeadLetterFilter,
    options: DeadLetterActionOptions,
  ): Promise<BatchOutcome> {
    return this.audit.run(
      { action: `dead.${action}`, what: which, options },
      () => this.batch.run(action, which, options),
      ({ matched, done }) => ({ matched, done }),
    );
  }

  private async read(positions: readonly DeadPosition[]): Promise<DeadJob[]> {
    const jobs: DeadJob[] = [];
    for (let from = 0; from < positions.length; from += READ_SLICE) {
      const slice = positions.slice(from, from + READ_SLICE);
      const found = await this.reader.bounded(() =>
        Promise.all(slice.map(({ queue, storedId }) => this.reader.readStored(queue, storedId))),
      );
      for (const job of found) if (job?.state === 'failed') jobs.push(toDeadJob(job));
    }
    return jobs;
  }
}
