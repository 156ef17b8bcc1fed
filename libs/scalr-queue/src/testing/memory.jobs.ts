import { setImmediate as turn } from 'node:timers/promises';
import {
  JobCancelledError,
  JobFailedError,
  JobNotKeptError,
  WaitTimeoutError,
} from '../contract/errors/outcome.errors.js';
import { onAbort, unlessAborted } from '../engine/abort.watch.js';
import { reasonFor } from '../inspection/job.canceller.js';
import { toJobInfo } from '../inspection/job-info.mapper.js';
import type { FoundJob } from '../engine/redis/job.store.js';
import { type JobReader, type RefParts, refParts } from '../inspection/job.reader.js';
import { endOf } from '../inspection/job.end.js';
import type { CancelOutcome } from '../contract/job-info.js';
import type { JobRef } from '../contract/job-ref.js';
import type { JobEvents } from '../observability/job-event.stream.js';
import type { MemoryJob } from './memory.job.js';
import type { MemoryEngine } from './memory.engine.js';

/** Waits for jobs to finish; the time to wait goes by when the clock of the test is moved. */
export class MemoryWaiter {
  constructor(
    private readonly engine: MemoryEngine,
    private readonly reader: JobReader,
  ) {}

  async wait(ref: JobRef, timeout: number, signal?: AbortSignal): Promise<unknown> {
    signal?.throwIfAborted();
    return unlessAborted(this.look(ref, timeout, signal), signal);
  }

  private async look(ref: JobRef, timeout: number, signal?: AbortSignal): Promise<unknown> {
    const parts = refParts(ref);
    const { id } = parts;
    const deadline = this.engine.clock.now() + timeout;
    const isKnown = typeof ref === 'object' && 'queue' in ref;
    let last: FoundJob | undefined;
    for (;;) {
      const found: FoundJob | undefined = (await this.reader.find(ref)) ?? this.gone(last);
      if (!found) {
        if (last || isKnown || (await this.remembers(parts))) throw new JobNotKeptError(id);
        throw new JobFailedError(id, 'not-found', 'no such job is stored (any more)');
      }
      last = found;
      const ended = endOf(toJobInfo(found));
      if (ended) return ended.result;
      if (this.engine.clock.now() >= deadline) throw new WaitTimeoutError(id, timeout);
      await this.change(deadline - this.engine.clock.now(), signal);
      signal?.throwIfAborted();
    }
  }

  /** Nothing is open. */
  onApplicationShutdown(): void {}

  private async remembers(parts: RefParts): Promise<boolean> {
    const places = await this.reader.placesOf(parts);
    return places.some(({ queue, storedId }) => this.engine.get(queue).remembers(storedId));
  }

  /** A job that ended, and was not kept, while it was waited for. */
  private gone(last: FoundJob | undefined): FoundJob | undefined {
    const job = last?.job as MemoryJob | undefined;
    return job?.finished ? { job, state: job.state } : undefined;
  }

  private async change(patience: number, signal?: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const unwatch = this.engine.watch(() => done());
      const cancel = this.engine.clock.after(patience, () => done());
      const forget = signal && onAbort(signal, () => done());
      const done = () => {
        unwatch();
        cancel();
        forget?.();
        resolve();
      };
    });
    await turn();
  }
}

/** Ends jobs before their time. */
export class MemoryCanceller {
  constructor(
    private readonly engine: MemoryEngine,
    private readonly reader: JobReader,
    private readonly events: JobEvents,
  ) {}

  async cancel(ref: JobRef): Promise<CancelOutcome> {
    const parts = refParts(ref);
    const { id } = parts;
    return this.reader.bounded(async () => {
      const entry = await this.reader.locate(parts);
      if (!entry) return 'not-found';
      const queue = this.engine.get(entry.queue);
      const job = queue.jobs.get(entry.storedId)!;
      if (job.finished) return 'finished';
      if (job.state === 'active') {
        this.engine.abort(job, new JobCancelledError(id));
        return 'cancelling';
      }
      queue.bury(job, reasonFor(id));
      this.events.emit('cancelled', () => ({ id, name: job.name, queue: queue.name, was: 'waiting' }));
      return 'cancelled';
    });
  }
}
