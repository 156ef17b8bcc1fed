import { Injectable } from '@nestjs/common';
import { JobCancelledError } from '../contract/errors/outcome.errors.js';
import { WorkerEngine } from '../engine/engine-worker.js';
import { fromStoredId, nameOfStoredId } from '../engine/job-id.js';
import { QueueEngine } from '../engine/queue.engine.js';
import { JobEvents } from '../observability/job-event.stream.js';
import { Retention } from '../retention/retention.service.js';
import { type Run, RunningJobs } from './running.jobs.js';

/** How often, in milliseconds, requests are looked for. */
const LOOK_INTERVAL_MS = 500;
/** Only every so many times where nothing runs and nothing is asked: all that is left to find then is a request whose worker died. */
const QUIET_INTERVALS = 10;

/**
 * Stops the jobs of this process that were asked to stop, and sees to it that a request whose run is over is settled too: the
 * run may have ended in a retry, or its worker may have died. One worker of the app at a time does the latter.
 */
@Injectable()
export class CancelWatcher {
  private timer?: NodeJS.Timeout;
  private looking?: Promise<void>;
  /** At the last look nothing ran and nothing was asked. */
  private quiet = false;
  private skipped = 0;

  constructor(
    private readonly engine: QueueEngine,
    private readonly workers: WorkerEngine,
    private readonly running: RunningJobs,
    private readonly events: JobEvents,
    private readonly retention: Retention,
  ) {}

  start(): void {
    this.timer = setInterval(() => this.lookIfDue(), LOOK_INTERVAL_MS);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Looks for requests now, one look at a time. */
  look(): Promise<void> {
    this.looking ??= this.lookOnce().finally(() => (this.looking = undefined));
    return this.looking;
  }

  private lookIfDue(): void {
    if (this.quiet && this.running.count === 0 && ++this.skipped < QUIET_INTERVALS) return;
    void this.look();
  }

  private async lookOnce(): Promise<void> {
    this.skipped = 0;
    if (!this.engine.ready) return;
    const { cancels } = this.workers;
    try {
      const runs = this.running.all();
      const { asked, requests } = await cancels.look(runs);
      this.quiet = runs.length === 0 && requests === 0;
      for (const run of asked) abort(run);
      if (requests > 0)
        await cancels.settle(LOOK_INTERVAL_MS, (queue, storedId) => this.report(queue, storedId));
    } catch {
      // Redis is away: the requests are still there when it is back.
    }
  }

  private report(queue: string, storedId: string): void {
    this.retention.note(queue);
    const name = nameOfStoredId(storedId) ?? 'unknown';
    this.events.emit('cancelled', () => ({ id: fromStoredId(storedId), name, queue, was: 'running' }));
  }
}

function abort({ storedId = '', attempt }: Run): void {
  attempt.abort(new JobCancelledError(fromStoredId(storedId)));
}
