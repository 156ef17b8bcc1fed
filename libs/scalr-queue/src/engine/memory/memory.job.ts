import type { EndingJob } from '../engine-worker.js';
import { FOR_EVER, fromEngineKeep, type KeepLimits } from '../keep-rule.js';
import type { MemoryEffect } from './memory.job-effects.js';
import type { PreparedJob } from '../prepared-job.js';
import type { StoredJob } from '../stored-job.js';
import { readMeta } from '../job-meta.js';
import { KEPT_LOG_LINES } from '../../contract/defaults.js';

/** Where a job of the kit is, in the engine's words. */
export type MemoryState = 'waiting' | 'delayed' | 'active' | 'completed' | 'failed';

/** A job as the engine would store it: what goes in comes out as JSON. */
export class MemoryJob implements StoredJob {
  readonly id: string;
  readonly name: string;
  queueName: string;
  data: unknown;
  opts: Omit<PreparedJob['options'], 'removeOnComplete' | 'removeOnFail'> & EndingJob['opts'];
  /** How its kind is kept: what is said in its options when a run ends is about this job only. */
  readonly keep: Readonly<Record<'completed' | 'failed', KeepLimits>>;
  /** Milliseconds that its chosen id is remembered. */
  readonly memory?: number;
  timestamp: number;
  delay: number;
  state: MemoryState = 'waiting';
  /** Epoch milliseconds at which a delayed job may start. */
  runAt?: number;
  attemptsMade = 0;
  attemptsStarted = 0;
  processedOn?: number;
  finishedOn?: number;
  progress: unknown = 0;
  returnvalue: unknown = null;
  failedReason?: string;
  deferredFailure?: string;
  stacktrace: string[] = [];
  readonly logs: string[] = [];
  waitsFor?: { readonly key: string; readonly until: number };
  /** What `ctx.once` has noted. */
  readonly effects = new Map<string, MemoryEffect>();
  /** What `ctx.each` has noted. */
  readonly itemStates = new Map<string, string>();
  items?: unknown;
  /** Starts that came to no run of a handler. */
  idleStarts = 0;

  constructor(
    prepared: PreparedJob,
    /** Tells jobs of the same moment apart. */
    public order: number,
  ) {
    this.id = prepared.options.jobId;
    this.name = prepared.name;
    this.queueName = prepared.queue;
    this.data = JSON.parse(prepared.json);
    this.opts = copyOf(prepared.options);
    this.keep = {
      completed: fromEngineKeep(this.opts.removeOnComplete) ?? FOR_EVER,
      failed: fromEngineKeep(this.opts.removeOnFail) ?? FOR_EVER,
    };
    this.memory = prepared.memory;
    this.timestamp = prepared.options.timestamp ?? 0;
    this.delay = prepared.options.delay ?? 0;
  }

  get finished(): boolean {
    return this.state === 'completed' || this.state === 'failed';
  }

  async updateProgress(progress: number | object): Promise<void> {
    this.progress = copyOf(progress);
  }

  async log(line: string): Promise<void> {
    this.logs.push(line);
    if (this.logs.length > KEPT_LOG_LINES) this.logs.shift();
  }

  async moveToDelayed(until: number): Promise<void> {
    this.putAside(until);
  }

  /** Runs with what another job was enqueued with. */
  takeOver({ data, opts }: MemoryJob): void {
    this.data = data;
    const { attempts } = opts;
    this.opts = { ...this.opts, attempts, ...({ scalr: readMeta(opts) } as object) };
  }

  neverExpires(): void {
    const { expiresAt: _none, ...meta } = readMeta(this.opts);
    this.opts = { ...this.opts, ...({ scalr: meta } as object) };
  }

  putAside(until: number): void {
    this.state = 'delayed';
    this.runAt = until;
  }
}

function copyOf<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
