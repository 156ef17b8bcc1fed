import { Inject, Injectable } from '@nestjs/common';
import type { JobJson, Queue } from 'bullmq';
import { unlessAborted } from '../connection/abort.watch.js';
import { BacklogGuard } from '../connection/backlog.guard.js';
import { withDeadline } from '../connection/deadline.js';
import { endedKey } from '../connection/ended-job.script.js';
import { insertArguments, insertKeys } from '../connection/insert-job.script.js';
import { JobCatalog } from '../connection/job.catalog.js';
import { QueueRegistry } from '../connection/queue.registry.js';
import { RedisConnections } from '../connection/redis.connections.js';
import { outcomeUnknown, toEnqueueError, toReadError } from '../connection/redis-error.js';
import { OutcomeUnknownError } from '../errors/enqueue.errors.js';
import type { EnqueuedJob } from '../jobs/enqueue-options.js';
import { fromStoredId } from '../jobs/job-id.js';
import { JobEvents } from '../observability/job-event.stream.js';
import { ENQUEUE_DEADLINE } from '../options/defaults.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { RESOLVED_OPTIONS } from '../options/tokens.js';
import { Tracing } from '../tracing/tracing.js';
import { ADD_CONTESTED } from './contested-add.script.js';
import { InFlightLimit } from './in-flight.limit.js';
import { conflictOf, type PreparedJob } from './prepared-job.js';

type ParentKeyOpts = { readonly parentDependenciesKey: string };

const NO_PARENT: ParentKeyOpts = { parentDependenciesKey: '' };

/** Brings prepared jobs to Redis, within the deadline, and says honestly what became of them. */
@Injectable()
export class JobSender {
  constructor(
    private readonly connections: RedisConnections,
    private readonly queues: QueueRegistry,
    private readonly catalog: JobCatalog,
    private readonly backlog: BacklogGuard,
    private readonly inFlight: InFlightLimit,
    private readonly events: JobEvents,
    private readonly tracing: Tracing,
    @Inject(RESOLVED_OPTIONS) private readonly app: ResolvedOptions,
  ) {}

  send(job: PreparedJob, signal?: AbortSignal): Promise<EnqueuedJob> {
    return this.tracing.enqueue(job, () => {
      const connecting = this.admit();
      if (!connecting) return this.deliver(job, signal);
      const deadline = performance.now() + ENQUEUE_DEADLINE;
      return unlessAborted(connecting, signal).then(() => this.deliver(job, signal, deadline));
    });
  }

  /** One round trip for a slice of jobs of one queue. */
  async sendMany(jobs: readonly PreparedJob[], signal?: AbortSignal): Promise<EnqueuedJob[]> {
    if (jobs.length === 0) return [];
    const send = async (queue: Queue, former: readonly string[]) => {
      if (jobs.some((job) => job.contested)) {
        return allTogether(
          jobs.map((job) =>
            job.contested ? this.sendContested(queue, job, former) : this.sendNew(queue, job),
          ),
        );
      }
      await queue.getBackend().addJobs(jobs.map((job) => this.toEntry(job)));
      return jobs.map((job) => outcome(job, job.id, 'created'));
    };
    const enqueued = await this.within(jobs, send, signal);
    for (const job of enqueued) this.tell(job);
    return enqueued;
  }

  /**
   * Says at once, and cheaply, what would be refused: a burst of calls is made before the first of them is looked at.
   * @returns while an attempt to connect is under way, a promise that settles with it
   * @throws QueueUnavailableError when Redis is known to be down or too many calls wait for it already
   */
  private admit(): Promise<void> | undefined {
    this.inFlight.admit();
    return this.connections.usable();
  }

  private async deliver(job: PreparedJob, signal?: AbortSignal, deadline?: number): Promise<EnqueuedJob> {
    const send = (queue: Queue, former: readonly string[]) =>
      job.contested ? this.sendContested(queue, job, former) : this.sendNew(queue, job);
    const enqueued = await this.within([job], send, signal, deadline);
    this.tell(enqueued);
    return enqueued;
  }

  private tell(job: EnqueuedJob): void {
    this.events.emit('enqueued', () => {
      const traceId = this.tracing.traceId();
      return traceId === undefined ? job : { ...job, traceId };
    });
  }

  private async within<T>(
    jobs: readonly PreparedJob[],
    send: (queue: Queue, former: readonly string[]) => Promise<T>,
    signal?: AbortSignal,
    deadline = performance.now() + ENQUEUE_DEADLINE,
  ): Promise<T> {
    signal?.throwIfAborted();
    const name = jobs[0]!.queue;
    const connecting = this.connections.usable();
    if (connecting) await unlessAborted(connecting, signal);
    const deliver = async () => {
      let sent = false;
      const work = async () => {
        signal?.throwIfAborted();
        const admitting = this.backlog.admit(name, jobs.length);
        if (admitting) await admitting;
        // Of an earlier version, where the definition had another queue: only what can be taken there is looked for there.
        const former = jobs.some((job) => job.contested) ? await this.catalog.formerQueues(jobs[0]!) : [];
        // Also of a call that has given up already: nothing may be sent any more.
        signal?.throwIfAborted();
        sent = true;
        return send(this.queues.get(name), former);
      };
      try {
        // The connection has the same limit; this one also covers what the connection forgets.
        return await withDeadline(
          work(),
          deadline - performance.now() + 50,
          () => new Error('no answer in time'),
          signal,
        );
      } catch (failure) {
        const ids = jobs.map((job) => job.id);
        if (signal?.aborted && failure === signal.reason)
          throw sent ? outcomeUnknown('aborted before the answer of Redis for', ids, failure) : failure;
        const error = await this.connections.named(failure);
        throw sent ? toEnqueueError(error, ids) : toReadError(error);
      }
    };
    return this.inFlight.run(deadline, deliver, signal);
  }

  private async sendNew(queue: Queue, job: PreparedJob): Promise<EnqueuedJob> {
    const { job: stored, jobId } = this.toEntry(job);
    await queue.getBackend().addJob(stored, jobId, NO_PARENT);
    return outcome(job, job.id, 'created');
  }

  /** What the engine's own `add` would hand to its backend: the payload is JSON already, and goes as it is. */
  private toEntry(job: PreparedJob): { job: JobJson; jobId: string; parentKeyOpts: ParentKeyOpts } {
    const opts = this.tracing.carried(job.options);
    const { jobId, timestamp, deduplication } = opts;
    const stored = {
      id: jobId,
      name: job.name,
      data: job.json,
      opts,
      timestamp,
      progress: 0,
      attemptsMade: 0,
      attemptsStarted: 0,
      stalledCounter: 0,
    } as JobJson;
    if (deduplication) stored.deduplicationId = deduplication.id;
    return { job: stored, jobId, parentKeyOpts: NO_PARENT };
  }

  private async sendContested(
    queue: Queue,
    job: PreparedJob,
    former: readonly string[],
  ): Promise<EnqueuedJob> {
    const options = this.tracing.carried(job.options);
    const { id: key = '', ttl = 0 } = options.deduplication ?? {};
    const [status, storedId, place = 0] = (await ADD_CONTESTED.run(
      this.connections.producer,
      [queue.toKey(options.jobId), endedKey(this.app.prefix, options.jobId), ...insertKeys(queue.toKey(''))],
      [
        ...insertArguments(queue.toKey(''), job.name, job.json, options),
        key,
        ttl,
        conflictOf(job),
        job.memory ?? '',
        ...former.map((name) => this.queues.get(name).toKey('')),
      ],
    )) as [EnqueuedJob['status'], string, number?];
    const found = outcome(job, fromStoredId(storedId), status);
    return place > 0 ? { ...found, queue: former[place - 1]! } : found;
  }
}

function outcome(job: PreparedJob, id: string, status: EnqueuedJob['status']): EnqueuedJob {
  return { id, name: job.name, queue: job.queue, status };
}

/** All outcomes, or an error that is true of all: when the connection breaks half way, some of the jobs have got through. */
async function allTogether(sends: Promise<EnqueuedJob>[]): Promise<EnqueuedJob[]> {
  const settled = await Promise.allSettled(sends);
  const failures = settled.filter((one) => one.status === 'rejected').map((one) => one.reason as unknown);
  if (failures.length === 0) return Promise.all(sends);
  const inDoubt = failures.find((failure) => toEnqueueError(failure, []) instanceof OutcomeUnknownError);
  if (inDoubt) throw inDoubt;
  if (failures.length < sends.length) throw new Error('only a part of the jobs got through');
  throw failures[0];
}
