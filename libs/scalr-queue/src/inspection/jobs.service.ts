import { Injectable } from '@nestjs/common';
import { onlyActor } from '../audit/actor.js';
import { type ActCounts, AuditLog } from '../audit/audit.log.js';
import type { Actor } from '../contract/audit.js';
import { InvalidOptionError } from '../contract/errors/configuration.errors.js';
import type { EnqueuedJob } from '../contract/enqueue-options.js';
import type { CancelOutcome, JobInfo } from '../contract/job-info.js';
import type { JobDetails } from '../contract/job-details.js';
import type { JobExplanation } from '../contract/job-explanation.js';
import type { JobRef } from '../contract/job-ref.js';
import { OptionChecker } from '../contract/option-checker.js';
import { refuseMore } from '../contract/more-arguments.js';
import type { Duration } from '../contract/duration.js';
import { JobCanceller } from './job.canceller.js';
import { JobExplainer } from './job.explainer.js';
import { toJobDetails } from './job-details.mapper.js';
import { toJobInfo } from './job-info.mapper.js';
import { type JobListOptions, type JobListPage, withPage } from './job-list.options.js';
import { JobLister } from './job.lister.js';
import { JobReader } from './job.reader.js';
import { type CancelManyOptions, type CancelManyResult, PendingCanceller } from './pending.canceller.js';
import type { PendingFilter } from './pending.filter.js';
import { JobWaiter } from './job.waiter.js';

/** How long to wait for a job. */
export interface WaitOptions {
  /** Longest time to wait; there is no default, on purpose. */
  readonly timeout: Duration;
  /** Ends the wait when it aborts, with its reason; the job goes on. */
  readonly signal?: AbortSignal;
}

const check = new OptionChecker(InvalidOptionError);

/** Looking at jobs, from any process of the app. */
@Injectable()
export class JobsService {
  /** @internal */
  constructor(
    private readonly reader: JobReader,
    private readonly waiter: JobWaiter,
    private readonly canceller: JobCanceller,
    private readonly lister: JobLister,
    private readonly explainer: JobExplainer,
    private readonly pending: PendingCanceller,
    private readonly audit: AuditLog,
  ) {}

  /**
   * The job as it stands, or `undefined` when none with this id is stored: it never was, or was finished so long ago that
   * it is not kept any more (see `keep`).
   *
   * @param ref the id, or `{ id, name }` where two definitions use the same id
   * @throws QueueUnavailableError within 1.1 s when Redis does not answer; InvalidOptionError for an ambiguous id
   */
  async get(ref: JobRef): Promise<JobInfo | undefined> {
    const found = await this.reader.find(ref);
    return found && toJobInfo(found);
  }

  /**
   * The same with its payload, its failed attempts and the lines of its log.
   * @throws as `get`
   */
  async details(ref: JobRef): Promise<JobDetails | undefined> {
    const found = await this.reader.find(ref);
    return found && toJobDetails(found, await this.reader.logsOf(found));
  }

  /**
   * A page of jobs: those that run or wait from the newest on, delayed ones from the next to run on, dead and completed ones from
   * the last to end on. A page may hold fewer jobs than its limit, even none, and still have a cursor: jobs that move on
   * meanwhile are left out, and a call looks at 5,000 jobs at the most for those of a name. Jobs that come or go between two
   * pages can be seen twice or not at all.
   *
   * @param page `limit` and `cursor` in an object of their own, as `DeadLetterService.list` takes them
   * @throws InvalidOptionError for a wrong option, or a queue that the app does not have; QueueUnavailableError
   */
  async list(
    options: JobListOptions = {},
    page: Pick<JobListOptions, 'limit' | 'cursor'> = {},
    ...none: never[]
  ): Promise<JobListPage> {
    refuseMore(none, 'list takes two arguments: list({ state, queue, name }, { limit, cursor })');
    return this.lister.page(withPage(options, page));
  }

  /**
   * Why a job does not run, or what became of it; `undefined` when none with this id is stored. The cost does not grow with
   * the backlog.
   *
   * @throws QueueUnavailableError within 1.1 s when Redis does not answer; InvalidOptionError for an ambiguous id
   */
  explain(ref: JobRef): Promise<JobExplanation | undefined> {
    return this.explainer.explain(ref);
  }

  /**
   * Ends a job, from any process. A job that waits or is delayed is dead at once (reason `cancelled`); of one that runs, the
   * signal aborts within a second on whichever worker runs it. A cancelled job is not retried.
   *
   * @returns `cancelled`: it will never run. `cancelling`: it runs, and was asked to stop; it is dead soon, or completes if it
   * ends first. A job of the outbox that Redis has not heard of is `cancelling`, too: it is dead as soon as it is sent. `finished`: too late. `not-found`: no such job is stored.
   * @param actor who cancels it; only with that `AuditService` tells of it
   * @throws QueueUnavailableError when Redis does not answer, or PostgreSQL where the app has an outbox and Redis no such job; InvalidOptionError for an ambiguous id
   */
  async cancel(ref: JobRef, actor: Actor = {}): Promise<CancelOutcome> {
    const { by, via } = onlyActor(actor);
    const cancel = () => this.canceller.cancel(ref);
    // Apps cancel jobs as part of what they do: that would push the acts of people out.
    if (by === undefined && via === undefined) return cancel();
    return this.audit.run({ action: 'jobs.cancel', what: ref, options: actor }, cancel, countsOf);
  }

  /**
   * Ends the jobs that match and have not started, in slices; each is dead with the reason `cancelled`. One that starts while this
   * call is under way is asked to stop. Jobs that come meanwhile may be taken too, unless `enqueuedBefore` says otherwise.
   *
   * @param filter must name a definition, a queue, a payload or a tag
   * @returns how many matched, were cancelled, and were asked to stop; `more` when the `limit` or the `signal` ended it early
   * @throws InvalidOptionError; QueueUnavailableError when Redis does not answer: what was done until then stays done
   */
  async cancelMany(
    filter: PendingFilter,
    options: CancelManyOptions = {},
    ...none: never[]
  ): Promise<CancelManyResult> {
    refuseMore(none, 'cancelMany takes two arguments: cancelMany(filter, { limit, dryRun })');
    return this.audit.run(
      { action: 'jobs.cancel', what: filter, options },
      () => this.pending.cancel(filter, options),
      ({ matched, cancelled, cancelling }) => ({ matched, done: cancelled + cancelling }),
    );
  }

  /**
   * Waits until the job has finished and gives its result. Works from any process, also when the job finished before;
   * any number of waits share one connection per queue.
   *
   * @throws JobFailedError when it is dead, JobCancelledError when it was cancelled, WaitTimeoutError when the time is over,
   * JobNotKeptError when it has finished and is not kept, or was replaced; the reason of `signal` when that aborts
   */
  async waitFor<Result = unknown>(ref: EnqueuedJob | JobRef, options: WaitOptions): Promise<Result> {
    const { timeout, signal } = check.object('the options of waitFor', options, ['timeout', 'signal']);
    const waitMs = check.duration('timeout', timeout, 1);
    if (signal !== undefined && !(signal instanceof AbortSignal))
      check.fail('signal', 'an AbortSignal', signal);
    return (await this.waiter.wait(ref, waitMs, signal as AbortSignal | undefined)) as Result;
  }
}

function countsOf(outcome: CancelOutcome): ActCounts {
  const isDone = outcome === 'cancelled' || outcome === 'cancelling';
  return { matched: outcome === 'not-found' ? 0 : 1, done: isDone ? 1 : 0 };
}
