import { ENQUEUE_DEADLINE } from '../contract/defaults.js';
import type { EnqueuedJob } from '../contract/enqueue-options.js';
import { DeadlineLine } from '../engine/deadline-line.js';
import type { PreparedJob } from '../engine/prepared-job.js';
import type { ContestedAdd, QueueEngine } from '../engine/queue.engine.js';
import type { InFlightLimit } from './in-flight.limit.js';
import { outcomeOf } from './outcome.js';

const NONE: readonly string[] = [];

interface LoneCall {
  readonly job: PreparedJob;
  readonly resolve: (job: EnqueuedJob) => void;
  readonly reject: (error: unknown) => void;
  isSent: boolean;
  isSettled: boolean;
}

/**
 * Calls of one job each that wait for no connection, no place and no signal. These are most of all calls, so each has one promise, one object and
 * no timer of its own.
 */
export class LoneCalls {
  // The connection has a limit, too; this one also covers what the connection forgets.
  private readonly deadlines = new DeadlineLine<LoneCall>(ENQUEUE_DEADLINE + 50, (call) =>
    this.fail(call, new Error('no answer in time')),
  );

  /** @param note told of each job that was enqueued */
  constructor(
    private readonly engine: QueueEngine,
    private readonly inFlight: InFlightLimit,
    private readonly note: (job: PreparedJob, enqueued: EnqueuedJob) => void,
  ) {}

  /** Sends a job. @returns undefined where it would have to wait for a place */
  start(job: PreparedJob): Promise<EnqueuedJob> | undefined {
    if (!this.inFlight.take()) return undefined;
    return new Promise((resolve, reject) => {
      const call: LoneCall = { job, resolve, reject, isSent: false, isSettled: false };
      this.deadlines.add(call);
      try {
        const { intake, types } = this.engine;
        const admitting = intake.admit(job.queue, 1);
        // Of an earlier version, where the definition had another queue: only what can be taken there is looked for there.
        const former = job.contested ? types.formerQueues(job) : NONE;
        if (!admitting && !(former instanceof Promise)) return this.send(call, former);
        Promise.all([former, admitting]).then(
          ([queues]) => this.send(call, queues),
          (error: unknown) => this.fail(call, error),
        );
      } catch (error) {
        this.fail(call, error);
      }
    });
  }

  private send(call: LoneCall, former: readonly string[]): void {
    // Nothing may be sent any more.
    if (call.isSettled) return;
    call.isSent = true;
    const { job } = call;
    const { intake } = this.engine;
    const fail = (error: unknown) => this.fail(call, error);
    if (job.contested) intake.addContested(job, former).then((added) => this.succeed(call, added), fail);
    else intake.add(job).then(() => this.succeed(call), fail);
  }

  private succeed(call: LoneCall, added?: ContestedAdd): void {
    if (!this.end(call)) return;
    const enqueued = outcomeOf(call.job, added);
    this.note(call.job, enqueued);
    call.resolve(enqueued);
  }

  private fail(call: LoneCall, failure: unknown): void {
    if (!this.end(call)) return;
    const error = call.isSent
      ? this.engine.enqueueError(failure, [call.job.id])
      : this.engine.readError(failure);
    error.then(call.reject, call.reject);
  }

  /** The first outcome counts; what comes later nobody hears of. */
  private end(call: LoneCall): boolean {
    if (call.isSettled) return false;
    call.isSettled = true;
    this.inFlight.leave();
    return true;
  }
}
