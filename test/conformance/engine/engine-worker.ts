import { onTestFinished } from 'vitest';
import type { LockLostCause } from '../../../libs/scalr-queue/src/contract/lock-lost-cause.js';
import type {
  EndingJob,
  EngineWorker,
  RunJob,
  WorkerEngine,
  WorkerHooks,
  WorkerSettings,
} from '../../../libs/scalr-queue/src/engine/engine-worker.js';
import type { PreparedJob } from '../../../libs/scalr-queue/src/engine/prepared-job.js';
import type { QueueEngine } from '../../../libs/scalr-queue/src/engine/queue.engine.js';
import type { StoredJob } from '../../../libs/scalr-queue/src/engine/stored-job.js';
import { eventually } from '../../support/eventually.js';
import { stateOf } from './engine.js';

/** An engine that runs jobs, opened, with an app of its own. */
export interface RunningEngine {
  readonly engine: QueueEngine;
  readonly workers: WorkerEngine;
  /** What can happen to a job behind the back of its worker; absent where nothing can. */
  readonly accidents?: Accidents;
}

export interface Accidents {
  /** Another worker has the lock of a running job. */
  takeLock(job: PreparedJob): Promise<void>;
  /** A job was taken by a worker that died. */
  takeAndDie(job: PreparedJob): Promise<void>;
  /** What is stored of a job that waits is gone. */
  loseData(job: PreparedJob): Promise<void>;
}

/** Makes one for one test; it is closed when the test ends. */
export type MakeRunningEngine = () => Promise<RunningEngine>;

/** Takes down what the hooks of a worker are told, in order. */
export class HookLog implements WorkerHooks {
  /** `hook storedId`; without those that are called any number of times. */
  private readonly told: string[] = [];
  private readonly runs: { readonly storedId: string; readonly after: string }[] = [];
  readonly called = new Set<string>();
  /** Hears of every call of a hook. */
  onCall: (hook: string) => void = () => undefined;
  readonly failures: { readonly message: string; readonly isDead: boolean }[] = [];
  readonly losses: { readonly cause: LockLostCause; readonly isRunning: boolean }[] = [];
  private readonly drainController = new AbortController();
  private readonly forceController = new AbortController();
  readonly drain: AbortSignal = this.drainController.signal;
  readonly force: AbortSignal = this.forceController.signal;
  /** What {@link hasBegun} answers. */
  begun = true;
  /** What becomes of a job that ends. */
  keep: EndingJob['opts'] = {};

  /** No job may start any more. */
  beginDrain(): void {
    this.drainController.abort();
  }

  /** The running jobs have no more time. */
  endRuns(): void {
    this.beginDrain();
    this.forceController.abort();
  }

  /** The hooks that were called about a job. */
  of({ options: { jobId } }: PreparedJob): string[] {
    return this.told.flatMap((line) => (line.endsWith(` ${jobId}`) ? [line.split(' ')[0]!] : []));
  }

  /** The hooks that were called about a job just before each time that its code had run. */
  ranAfter({ options: { jobId } }: PreparedJob): string[] {
    return this.runs.flatMap(({ storedId, after }) => (storedId === jobId ? [after] : []));
  }

  attempt(job: StoredJob, run: () => Promise<unknown>): Promise<unknown> {
    this.note('attempt', job.id);
    return run();
  }

  started({ id }: StoredJob): void {
    this.note('started', id);
  }

  ran({ id = '' }: StoredJob): void {
    this.call('ran');
    const after = this.told.findLast((line) => line.endsWith(` ${id}`)) ?? '';
    this.runs.push({ storedId: id, after: after.split(' ')[0]! });
  }

  ended({ id }: StoredJob): void {
    this.note('ended', id);
  }

  async dying(): Promise<boolean> {
    this.call('dying');
    return true;
  }

  ending(job: EndingJob): void {
    Object.assign(job.opts, this.keep);
    this.note('ending', (job as StoredJob).id);
  }

  completed({ id }: StoredJob): void {
    this.note('completed', id);
  }

  failed({ id, finishedOn }: StoredJob, { message }: Error): void {
    this.failures.push({ message, isDead: finishedOn !== undefined });
    this.note('failed', id);
  }

  deferred({ id }: StoredJob): void {
    this.note('deferred', id);
  }

  released({ id }: StoredJob): void {
    this.note('released', id);
  }

  unsettled({ id }: StoredJob): void {
    this.note('unsettled', id);
  }

  lockLost({ id }: StoredJob, cause: LockLostCause, isRunning: boolean): void {
    this.losses.push({ cause, isRunning });
    this.note('lockLost', id);
  }

  stalled(_queue: string, storedId: string): void {
    this.note('stalled', storedId);
  }

  dataMissing({ id }: StoredJob): void {
    this.note('dataMissing', id);
  }

  hasBegun(_job: StoredJob): boolean {
    this.call('hasBegun');
    return this.begun;
  }

  turnedSince(_begin: number): boolean {
    this.call('turnedSince');
    return true;
  }

  private note(hook: string, storedId = ''): void {
    this.call(hook);
    this.told.push(`${hook} ${storedId}`);
  }

  private call(hook: string): void {
    this.called.add(hook);
    this.onCall(hook);
  }
}

/** A promise that the test settles. */
export function gate() {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open: () => open(), opened };
}

/** A worker of the queue `mail`, which goes when the test ends, whatever still runs in it. */
export function workerIn({ workers }: RunningEngine, run: RunJob, settings: WorkerSettings = {}) {
  const hooks = new HookLog();
  const worker = workers.worker('mail', run, settings, hooks);
  leaveAtEnd(worker, hooks);
  return { worker, hooks };
}

export function leaveAtEnd(worker: EngineWorker, hooks: HookLog): void {
  onTestFinished(async () => {
    hooks.endRuns();
    const closed = worker.close();
    worker.leave();
    await Promise.race([closed, eventually(() => worker.runningCount === 0)]);
  });
}

/** The job, once it is in that state, in the words of the engine. */
export async function untilIn(engine: QueueEngine, state: string, job: PreparedJob): Promise<StoredJob> {
  await eventually(async () => expect(await stateOf(engine, job)).toBe(state));
  return (await engine.jobs.read(job.queue, job.options.jobId))!.job as StoredJob;
}
