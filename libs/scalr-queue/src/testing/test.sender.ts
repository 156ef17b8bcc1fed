import type { QueueEngine } from '../engine/queue.engine.js';
import type { PreparedJob } from '../engine/prepared-job.js';
import type { EnqueuedJob } from '../contract/enqueue-options.js';
import type { JobEvents } from '../observability/job-event.stream.js';
import type { InFlightLimit } from '../producer/in-flight.limit.js';
import { JobSender } from '../producer/job.sender.js';
import type { Tracing } from '../tracing/tracing.js';
import type { TestHarness } from './test.harness.js';

/** Sends as in production; in the inline mode what was enqueued has run before the call returns. */
export class TestSender extends JobSender {
  constructor(
    engine: QueueEngine,
    inFlight: InFlightLimit,
    events: JobEvents,
    tracing: Tracing,
    private readonly harness: TestHarness,
  ) {
    super(engine, inFlight, events, tracing);
  }

  override async send(job: PreparedJob, signal?: AbortSignal): Promise<EnqueuedJob> {
    const enqueued = await super.send(job, signal);
    await this.harness.afterEnqueue();
    return enqueued;
  }

  override async sendMany(jobs: readonly PreparedJob[], signal?: AbortSignal): Promise<EnqueuedJob[]> {
    const enqueued = await super.sendMany(jobs, signal);
    await this.harness.afterEnqueue();
    return enqueued;
  }
}
