import type { ResolvedOptions } from '../../config/resolved-options.js';
import {
  type Deferrals,
  type JobRuns,
  type NativeProcessors,
  type RunJob,
  WorkerEngine,
  type WorkerHooks,
  type WorkerSettings,
} from '../engine-worker.js';
import { startsBefore, wasRetriedByHand } from '../job-starts.js';
import type { JobEffects } from '../job-effects.js';
import type { StoredJob } from '../stored-job.js';
import type { MemoryCancelRequests } from './memory.cancel-requests.js';
import type { MemoryEngine } from './memory.engine.js';
import type { MemoryJob } from './memory.job.js';
import { MemoryJobEffects } from './memory.job-effects.js';
import { MemoryWorker, type TakenJob } from './memory.worker.js';

/** Running jobs in the memory of a process. */
export class MemoryWorkerEngine extends WorkerEngine {
  readonly runs: JobRuns;
  readonly cancels: MemoryCancelRequests;
  /** They are written for BullMQ, which speaks to a Redis. */
  readonly processors: NativeProcessors = {
    queues: () => [],
    allQueues: () => [],
    start: () => [],
    foreignCount: 0,
    closeForeign: async () => undefined,
    leaveForeign: () => undefined,
  };
  private readonly workers = new Set<MemoryWorker>();

  /** @param taking whether workers take jobs by themselves, or only when {@link next} asks for one */
  constructor(
    private readonly engine: MemoryEngine,
    private readonly app: Pick<ResolvedOptions, 'clock' | 'queues' | 'worker'>,
    private readonly taking: 'by itself' | 'when asked' = 'by itself',
  ) {
    super();
    this.runs = new MemoryJobRuns(app);
    this.cancels = engine.cancels;
  }

  async open(): Promise<void> {}

  effects(job: MemoryJob): JobEffects {
    return new MemoryJobEffects(job, this.app.clock);
  }

  worker(queue: string, run: RunJob, settings: WorkerSettings, hooks: WorkerHooks): MemoryWorker {
    const { queues, worker: all } = this.app;
    const wanted = settings.concurrency ?? queues.get(queue)?.concurrency ?? all.concurrency;
    const concurrency = this.taking === 'by itself' ? wanted : 0;
    const worker = new MemoryWorker(this.engine.memory, queue, run, settings, hooks, concurrency);
    this.workers.add(worker);
    return worker;
  }

  /** Runs the next job of all queues, which have their turns one after the other; undefined when none may start. */
  next(): TakenJob | undefined {
    const { memory } = this.engine;
    for (const name of memory.names()) {
      for (const worker of this.workers) {
        const taken = worker.name === name ? worker.next() : undefined;
        if (!taken) continue;
        memory.hadTurn(name);
        return taken;
      }
    }
    return undefined;
  }
}

/** Counts in the jobs themselves. */
class MemoryJobRuns implements JobRuns {
  private readonly deferrals = new WeakMap<StoredJob, Deferrals & { readonly started: number }>();

  constructor(private readonly app: Pick<ResolvedOptions, 'clock'>) {}

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
