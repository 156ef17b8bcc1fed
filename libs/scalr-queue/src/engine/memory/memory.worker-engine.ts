import type { ResolvedOptions } from '../../config/resolved-options.js';
import { QueueConfigError } from '../../contract/errors/configuration.errors.js';
import {
  type CancelRequests,
  type Deferrals,
  type EngineWorker,
  type JobRuns,
  type NativeProcessors,
  WorkerEngine,
} from '../engine-worker.js';
import { startsBefore, wasRetriedByHand } from '../job-starts.js';
import type { StoredJob } from '../stored-job.js';
import type { MemoryJob } from './memory.job.js';

/** Running jobs in the memory of a test, which takes them one by one itself: there are no workers. */
export class MemoryWorkerEngine extends WorkerEngine {
  readonly runs: JobRuns;
  /** Requests reach the running job at once. */
  readonly cancels: CancelRequests = {
    look: async () => ({ asked: [], requests: 0 }),
    settle: async () => undefined,
  };
  /** They speak to a Redis. */
  readonly processors: NativeProcessors = {
    queues: () => [],
    allQueues: () => [],
    start: () => [],
    foreignCount: 0,
    closeForeign: async () => undefined,
    leaveForeign: () => undefined,
  };

  constructor(app: ResolvedOptions) {
    super();
    this.runs = new MemoryJobRuns(app);
  }

  async open(): Promise<void> {}

  worker(): EngineWorker {
    throw new QueueConfigError('the test kit has no workers: drain() of the test queue runs its jobs');
  }
}

/** Counts in the jobs of the kit. */
class MemoryJobRuns implements JobRuns {
  private readonly deferrals = new WeakMap<StoredJob, Deferrals & { readonly started: number }>();

  constructor(private readonly app: ResolvedOptions) {}

  async hasRun(job: MemoryJob): Promise<boolean> {
    return job.attemptsStarted > 1 && (wasRetriedByHand(job) || startsBefore(job) > job.idleStarts);
  }

  snooze(job: MemoryJob, token: string | undefined, delay: number): Promise<void> {
    return this.defer(job, token, delay);
  }

  async defer(job: MemoryJob, _token: string | undefined, delay: number): Promise<void> {
    await job.moveToDelayed(this.app.clock.now() + delay);
  }

  async noteIdle(job: MemoryJob): Promise<void> {
    job.idleStarts++;
  }

  /** By the rules of `note-deferral.script.ts`. */
  async noteDeferral(job: MemoryJob, now: number): Promise<Deferrals> {
    const last = this.deferrals.get(job);
    const goesOn = last?.started === job.attemptsStarted - 1;
    const note = { since: goesOn ? last.since : now, times: (goesOn ? last.times : 0) + 1 };
    job.idleStarts++;
    this.deferrals.set(job, { ...note, started: job.attemptsStarted });
    return note;
  }
}
