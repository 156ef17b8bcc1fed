import { Inject, Injectable, Logger } from '@nestjs/common';
import { performance } from 'node:perf_hooks';
import type { StoredJob } from '../engine/stored-job.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import { JobEventSource } from './job-event.source.js';

/** How often the event loop is looked at; a block is measured this exactly. */
const LOOK_INTERVAL_MS = 200;
/** Of the time that has passed, what the event loop must have been busy for: else the process itself did not run. */
const BUSY_SHARE = 0.5;

/** Notices that the event loop was blocked for longer than locks live, and says which handler did it. */
@Injectable()
export class BlockWatch {
  private readonly logger = new Logger('ScalrQueue');
  private jobs: () => readonly StoredJob[] = () => [];
  private labels: (name: string) => string | undefined = () => undefined;
  private timer?: NodeJS.Timeout;
  private lastAt = Infinity;
  /** When the loop last turned again after half the life of a lock. */
  private heldUpAt = -Infinity;
  private busy = performance.eventLoopUtilization();
  /** Whose code ran when the loop had been blocked for too long. */
  private suspect?: StoredJob;
  private readonly lock: number;

  constructor(
    private readonly events: JobEventSource,
    @Inject(RESOLVED_OPTIONS) { worker }: ResolvedOptions,
  ) {
    this.lock = worker.lockDuration;
  }

  /**
   * @param labels the handler of the jobs of a name, for messages
   * @param jobs those that run in this process
   */
  start(labels: (name: string) => string | undefined, jobs: () => readonly StoredJob[]): void {
    this.labels = labels;
    this.jobs = jobs;
    this.lastAt = performance.now();
    this.timer ??= setInterval(() => this.look(), Math.min(LOOK_INTERVAL_MS, this.lock / 5)).unref();
  }

  stop(): void {
    clearInterval(this.timer);
    delete this.timer;
  }

  /** Code of a job has run just now: the first to say so after a block is the one that blocked. */
  passed(job: StoredJob): void {
    if (performance.now() - this.lastAt >= this.lock) this.suspect ??= job;
  }

  /** Whether the event loop has turned all the time since then (of `performance.now`): for silence, Redis is to blame. */
  turnedSince(begin: number): boolean {
    const most = this.lock / 2;
    return this.heldUpAt < begin && performance.now() - this.lastAt < most;
  }

  private look(): void {
    const { suspect } = this;
    const now = performance.now();
    const gap = now - this.lastAt;
    const { active } = performance.eventLoopUtilization(this.busy);
    this.lastAt = now;
    this.busy = performance.eventLoopUtilization();
    delete this.suspect;
    if (gap >= this.lock / 2) this.heldUpAt = now;
    if (gap < this.lock) return;
    if (active < gap * BUSY_SHARE) {
      const seconds = (ms: number) => `${Math.round(ms / 100) / 10} s`;
      this.logger.warn(
        `this process did not run for ${seconds(gap)} (stopped, or its machine asleep), longer than lockDuration ` +
          `${seconds(this.lock)}: its jobs may run elsewhere as well`,
      );
      return;
    }
    const jobs = suspect ? [suspect] : this.jobs();
    const [job] = jobs;
    if (!job) return;
    const handlers = [...new Set(jobs.map(({ name }) => this.labels(name) ?? name))];
    this.events.blocked(job, { blockedMs: Math.round(gap), lockMs: this.lock, handlers });
  }
}
