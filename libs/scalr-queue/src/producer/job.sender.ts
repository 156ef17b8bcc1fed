import { Injectable } from '@nestjs/common';
import { unlessAborted } from '../engine/abort.watch.js';
import { withDeadline } from '../engine/deadline.js';
import { QueueEngine } from '../engine/queue.engine.js';
import { outcomeUnknown } from '../engine/outcome-unknown.js';
import { EnqueueError } from '../contract/errors/enqueue.errors.js';
import type { EnqueuedJob } from '../contract/enqueue-options.js';
import { JobEvents } from '../observability/job-event.stream.js';
import { ENQUEUE_DEADLINE } from '../contract/defaults.js';
import { Tracing } from '../tracing/tracing.js';
import { InFlightLimit } from './in-flight.limit.js';
import { LoneCalls } from './lone.calls.js';
import { outcomeOf } from './outcome.js';
import type { PreparedJob } from '../engine/prepared-job.js';

/** Hands prepared jobs to the engine, within the deadline, and says honestly what became of them. */
@Injectable()
export class JobSender {
  private readonly lone: LoneCalls;

  constructor(
    private readonly engine: QueueEngine,
    private readonly inFlight: InFlightLimit,
    private readonly events: JobEvents,
    private readonly tracing: Tracing,
  ) {
    this.lone = new LoneCalls(engine, inFlight, (job, enqueued) => this.note(job, enqueued));
  }

  send(given: PreparedJob, signal?: AbortSignal): Promise<EnqueuedJob> {
    return this.tracing.enqueue(given, () => {
      const connecting = this.admit();
      const job = this.traced(given);
      if (!connecting) {
        const call = signal ? undefined : this.lone.start(job);
        return call ?? this.deliver(job, signal);
      }
      const deadline = performance.now() + ENQUEUE_DEADLINE;
      return unlessAborted(connecting, signal).then(() => this.deliver(job, signal, deadline));
    });
  }

  /**
   * One round trip for a slice of jobs of one queue.
   * @throws what became of those that failed; the others are in its `enqueued`
   */
  async sendMany(given: readonly PreparedJob[], signal?: AbortSignal): Promise<EnqueuedJob[]> {
    if (given.length === 0) return [];
    const jobs = given.map((job) => this.traced(job));
    const send = async (former: readonly string[]) =>
      this.sortOut(
        jobs,
        jobs.some((job) => job.contested)
          ? await Promise.allSettled(jobs.map((job) => this.sendOne(job, former)))
          : await this.sendAllNew(jobs),
      );
    const { enqueued, error } = await this.within(jobs, send, signal);
    if (enqueued.length > 0) this.engine.types.record(jobs[0]!);
    for (const job of enqueued) this.tell(job);
    if (error) throw error;
    return enqueued;
  }

  /**
   * Says at once, and cheaply, what would be refused: a burst of calls is made before the first of them is looked at.
   * @returns while an attempt to connect is under way, a promise that settles with it
   * @throws QueueUnavailableError when Redis is known to be down or too many calls wait for it already
   */
  private admit(): Promise<void> | undefined {
    this.inFlight.admit();
    return this.engine.usable();
  }

  private async deliver(job: PreparedJob, signal?: AbortSignal, deadline?: number): Promise<EnqueuedJob> {
    const send = (former: readonly string[]) => this.sendOne(job, former);
    const enqueued = await this.within([job], send, signal, deadline);
    this.note(job, enqueued);
    return enqueued;
  }

  private note(job: PreparedJob, enqueued: EnqueuedJob): void {
    this.engine.types.record(job);
    this.tell(enqueued);
  }

  private tell(job: EnqueuedJob): void {
    this.events.emit('enqueued', () => {
      const traceId = this.tracing.traceId();
      return traceId === undefined ? job : { ...job, traceId };
    });
  }

  private async within<T>(
    jobs: readonly PreparedJob[],
    send: (former: readonly string[]) => Promise<T>,
    signal?: AbortSignal,
    deadline = performance.now() + ENQUEUE_DEADLINE,
  ): Promise<T> {
    signal?.throwIfAborted();
    const name = jobs[0]!.queue;
    const connecting = this.engine.usable();
    if (connecting) await unlessAborted(connecting, signal);
    const deliver = async () => {
      let [sent, isOver] = [false, false];
      const work = async () => {
        signal?.throwIfAborted();
        const admitting = this.engine.intake.admit(name, jobs.length);
        if (admitting) await admitting;
        // Of an earlier version, where the definition had another queue: only what can be taken there is looked for there.
        const former = jobs.some((job) => job.contested)
          ? await this.engine.types.formerQueues(jobs[0]!)
          : [];
        // Of a call that has given up already nothing may be sent any more.
        signal?.throwIfAborted();
        if (isOver) throw new Error('too late');
        sent = true;
        return send(former);
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
        isOver = true;
        if (signal?.aborted && failure === signal.reason) throw this.aborted(sent ? jobs : [], failure);
        const ids = jobs.map((job) => job.id);
        throw await (sent ? this.engine.enqueueError(failure, ids) : this.engine.readError(failure));
      }
    };
    return this.inFlight.run(deadline, deliver, signal);
  }

  /** What an abort means for jobs that were handed to the engine: they may be on their way, or may not have been sent yet. */
  private aborted(jobs: readonly PreparedJob[], reason: unknown): unknown {
    const sent = jobs.filter((job) => !this.engine.intake.withdraw(job));
    if (sent.length === 0) return reason;
    const ids = sent.map((job) => job.id);
    return outcomeUnknown('aborted before the answer of Redis for', ids, reason);
  }

  private sendOne(job: PreparedJob, former: readonly string[]): Promise<EnqueuedJob> {
    return job.contested ? this.sendContested(job, former) : this.sendNew(job);
  }

  private async sendNew(job: PreparedJob): Promise<EnqueuedJob> {
    await this.engine.intake.add(job);
    return outcomeOf(job);
  }

  private async sendAllNew(jobs: readonly PreparedJob[]): Promise<PromiseSettledResult<EnqueuedJob>[]> {
    const failures = await this.engine.intake.addAll(jobs);
    return jobs.map((job, at) => {
      const reason = failures[at];
      if (reason) return { status: 'rejected', reason };
      return { status: 'fulfilled', value: outcomeOf(job) };
    });
  }

  /** With the current trace, where there is one. */
  private traced(job: PreparedJob): PreparedJob {
    const options = this.tracing.carried(job.options);
    return options === job.options ? job : { ...job, options, shared: undefined };
  }

  /** When Redis fills up or the connection breaks half way, some of a slice have got through, and some may have. */
  private async sortOut(
    jobs: readonly PreparedJob[],
    settled: readonly PromiseSettledResult<EnqueuedJob>[],
  ): Promise<{ enqueued: EnqueuedJob[]; error?: Error }> {
    const enqueued: EnqueuedJob[] = [];
    const failures: { readonly id: string; readonly reason: unknown }[] = [];
    for (const [at, one] of settled.entries()) {
      if (one.status === 'fulfilled') enqueued.push(one.value);
      else failures.push({ id: jobs[at]!.id, reason: one.reason });
    }
    if (failures.length === 0) return { enqueued };
    const doubtful = failures.filter(({ reason }) => this.engine.isInDoubt(reason));
    const [worst] = doubtful.length > 0 ? doubtful : failures;
    const ids = doubtful.map(({ id }) => id);
    const error = await this.engine.enqueueError(worst!.reason, ids);
    if (error instanceof EnqueueError) error.enqueued = enqueued;
    return { enqueued, error };
  }

  private async sendContested(job: PreparedJob, former: readonly string[]): Promise<EnqueuedJob> {
    return outcomeOf(job, await this.engine.intake.addContested(job, former));
  }
}
