import { type INestApplicationContext, Logger } from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';
import { AppState, type AppSnapshot } from '../inspection/app.state.js';
import { JobEvents } from '../observability/job-event.stream.js';
import type { BurstSettings } from '../config/burst-options.js';
import { type BurstSummary, describeBurst, exitCodeOf } from './burst.summary.js';
import { JobCounters } from './job.counters.js';
import type { WorkerLifecycle } from './worker.lifecycle.js';
import { WorkerPool } from './worker.pool.js';

const LOOK_INTERVAL_MS = 100;

/** A worker that works off what is there and then shuts down. One run of a process, from its boot to its summary. */
export class BurstRun {
  private readonly logger = new Logger('ScalrQueue');
  private readonly begun = Date.now();
  private readonly counters: JobCounters;
  private readonly pool: WorkerPool;
  private readonly state: AppState;
  private readonly timer?: NodeJS.Timeout;
  private started = 0;
  private ended?: BurstSummary['ended'];
  private left: BurstSummary['left'] = [];
  /** The last retry that was announced is due. */
  private retriesUntil = 0;

  constructor(
    context: INestApplicationContext,
    private readonly lifecycle: WorkerLifecycle,
    private readonly settings: BurstSettings,
  ) {
    this.pool = context.get(WorkerPool, { strict: false });
    this.state = context.get(AppState, { strict: false });
    this.counters = context.get(JobCounters, { strict: false });
    const events = context.get(JobEvents, { strict: false });
    events.on('started', () => this.started++);
    events.on('retrying', ({ delayMs }) => {
      this.retriesUntil = Math.max(this.retriesUntil, Date.now() + delayMs);
    });
    if (settings.timeout === undefined) return;
    // From here on, for Redis may never come.
    this.timer = setTimeout(() => {
      this.ended ??= 'timeout';
      void lifecycle.close();
    }, settings.timeout);
    void lifecycle.closed.then(() => clearTimeout(this.timer));
  }

  /**
   * Resolves after the shutdown.
   * @param ends whether the process ends then
   */
  run(ends: boolean): Promise<BurstSummary> {
    const summary = this.workOff();
    // Also after a signal.
    this.lifecycle.endWith(async () => this.report(await summary));
    if (ends) void summary.then(() => this.lifecycle.exit());
    return summary;
  }

  private async workOff(): Promise<BurstSummary> {
    await Promise.race([this.untilEmpty(), this.lifecycle.closed]);
    this.ended ??= 'interrupted';
    clearTimeout(this.timer);
    await this.lifecycle.close();
    const { completed, dead, retried } = this.counters.total();
    return {
      ended: this.ended,
      completed,
      failed: dead + retried,
      dead,
      handedBack: this.pool.summary.released,
      durationMs: Date.now() - this.begun,
      left: this.left,
    };
  }

  /** Reports the summary in the log, and to a parent process that listens; returns the exit code. */
  private async report(summary: BurstSummary): Promise<number> {
    this.logger.log(describeBurst(summary));
    if (process.send) {
      await new Promise((resolve) => process.send!({ scalrBurst: summary }, undefined, undefined, resolve));
    }
    return exitCodeOf(summary);
  }

  /** Two looks in a row with nothing to do and nothing started in between: what ran before may have enqueued more. */
  private async untilEmpty(): Promise<void> {
    let startedAtLook = -1;
    while (!this.lifecycle.closing) {
      await pause(LOOK_INTERVAL_MS);
      if (this.pool.running > 0) continue;
      const { started } = this;
      const app = await this.state.read().catch(() => undefined);
      if (!app) continue;
      this.left = this.leftIn(app);
      const idle = this.nothingToDo(app) && this.pool.running === 0;
      if (idle && startedAtLook === started && this.started === started) {
        this.ended ??= 'empty';
        return;
      }
      startedAtLook = idle ? started : -1;
    }
  }

  private nothingToDo({ queues, workers }: AppSnapshot): boolean {
    const now = Date.now();
    if (this.settings.drainRetries && now < this.retriesUntil) return false;
    const until = Math.max(now, this.begun + this.settings.grace);
    const others = workers.filter(({ id, draining }) => id !== this.pool.workerId && !draining);
    return queues
      .filter(({ name, paused }) => this.pool.queueNames.includes(name) && !paused)
      .every(({ name, waiting, running, nextDueAt = Infinity }) => {
        // What runs here was asked before: it runs elsewhere, or is what a worker that crashed left behind.
        const isTheirs = others.some((worker) => worker.queues.includes(name));
        return waiting === 0 && nextDueAt > until && (running === 0 || isTheirs);
      });
  }

  private leftIn({ queues }: AppSnapshot): BurstSummary['left'] {
    return queues
      .filter(({ name }) => this.pool.queueNames.includes(name))
      .filter(({ waiting, delayed, running }) => waiting + delayed + running > 0)
      .map(({ name, waiting, delayed, running, paused }) => ({
        queue: name,
        waiting,
        delayed,
        running,
        paused,
      }));
  }
}
