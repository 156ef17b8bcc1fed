import { Logger } from '@nestjs/common';
import { settlesWithin } from '../engine/deadline.js';
import type { HealthReport } from '../health/health.report.js';
import { WorkerHealthServer } from '../health/worker-health.server.js';
import type { WorkerState } from '../health/worker.state.js';
import { BootScope } from '../lifecycle/boot.scope.js';
import type { JobHandler } from './handler.explorer.js';
import type { PoolOptions, WorkerPool } from './worker.pool.js';

/** How long, in milliseconds, releasing the jobs may take after the grace period. */
const RELEASE_TIMEOUT = 400;
/** How long, in milliseconds, the providers of the application have to close, however little of the timeout is left. */
const MIN_HOOKS_TIMEOUT = 1_000;

/**
 * The end of a worker, in this order: not ready, take no job, wait for the running ones, abort and release the rest, close the
 * application's providers (databases) in what is left of the timeout, the queue last of all, stop answering health checks.
 * It takes the timeout and one second at the most, also when Redis does not answer any more.
 */
export class WorkerLifecycle {
  readonly boot = new BootScope();
  private readonly logger = new Logger('ScalrQueue');
  private readonly onSignal = (signal: NodeJS.Signals) => void this.end(signal);
  private listening = false;
  /** Resolves when the shutdown begins. */
  readonly closed: Promise<void>;
  private beginClose: () => void = () => undefined;
  private running?: Promise<void>;
  private health?: WorkerHealthServer;
  private pool?: WorkerPool;
  private exitCode: () => number | Promise<number> = () => 0;

  constructor(
    private readonly state: WorkerState,
    private readonly timeout: number,
  ) {
    this.closed = new Promise((resolve) => (this.beginClose = resolve));
  }

  /** Shuts down and ends the process at SIGTERM or SIGINT; a second one ends it at once. */
  listen(): void {
    if (this.listening || this.closing) return;
    this.listening = true;
    process.on('SIGTERM', this.onSignal);
    process.on('SIGINT', this.onSignal);
  }

  /** Starts to answer health checks, until after everything else has ended. @returns where */
  async serveHealth(port: number, host: string | undefined): Promise<WorkerHealthServer> {
    this.health = await WorkerHealthServer.start(this.state, port, host);
    return this.health;
  }

  /**
   * Starts to take jobs; the shutdown drains them. Resolves when the pool takes jobs, or the shutdown begins.
   * @throws QueueConfigError
   */
  async startJobs(
    pool: WorkerPool,
    handlers: ReadonlyMap<string, JobHandler>,
    options: PoolOptions,
    report: HealthReport,
  ): Promise<void> {
    const begun = pool.start(handlers, options);
    this.pool = pool;
    this.state.begin({
      report,
      accepting: () => pool.accepting,
      running: () => pool.running,
      queues: () => pool.queueNames,
    });
    await Promise.race([begun, this.closed]);
  }

  /** Has the last word, after everything is closed: the exit code. */
  endWith(exitCode: () => number | Promise<number>): void {
    this.exitCode = exitCode;
  }

  get closing(): boolean {
    return this.running !== undefined;
  }

  /** @param signal what the shutdown hooks of the application are given */
  close(signal?: string): Promise<void> {
    this.running ??= this.shutDown(signal);
    return this.running;
  }

  /** Shuts down and ends the process. */
  async exit(signal?: string): Promise<never> {
    await this.close(signal);
    process.exit(await this.exitCode());
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    if (this.running) {
      this.logger.warn(`${signal} again: ending at once`);
      process.exit(1);
    }
    this.logger.log(`${signal}: shutting down, running jobs have ${this.timeout} ms`);
    await this.exit(signal);
  }

  private async shutDown(signal?: string): Promise<void> {
    const begun = performance.now();
    this.state.drain();
    this.beginClose();
    const booted = await settlesWithin(this.boot.settled, this.timeout);
    if (booted) {
      if (this.pool) await this.drain(this.pool);
      await this.closeProviders(
        Math.max(this.timeout - (performance.now() - begun), MIN_HOOKS_TIMEOUT),
        signal,
      );
    } else this.warnOfBoot();
    this.boot.release();
    await settlesWithin(this.health?.close() ?? Promise.resolve(), 100);
    process.off('SIGTERM', this.onSignal);
    process.off('SIGINT', this.onSignal);
  }

  private async drain(pool: WorkerPool): Promise<void> {
    const drained = pool
      .drain()
      .catch((error: unknown) => this.logger.error(`draining failed: ${String(error)}`));
    // With nothing running there is nothing to wait for, not even for a Redis that does not answer.
    const gracePeriod = pool.busy ? this.timeout : Math.min(this.timeout, RELEASE_TIMEOUT);
    if (!(await settlesWithin(drained, gracePeriod))) {
      pool.force();
      await settlesWithin(drained, RELEASE_TIMEOUT);
    }
    pool.leave();
    const { finished, released, abandoned } = pool.summary;
    const unsure = abandoned > 0 ? `, ${abandoned} left to recovery (Redis did not answer, or refused)` : '';
    this.logger.log(`Shutdown: ${finished} finished, ${released} handed back${unsure}`);
  }

  private async closeProviders(time: number, signal?: string): Promise<void> {
    const closed = this.boot
      .close(signal)
      .catch((error: unknown) => this.logger.error(`closing the application failed: ${String(error)}`));
    if (await settlesWithin(closed, time)) return;
    const late = this.boot.hooks.running.join(' and ') || 'a shutdown hook';
    this.logger.warn(
      `${late} did not finish within ${Math.round(time)} ms and was cut off; the hooks after it did not run. ` +
        'Raise shutdownTimeout, or close faster.',
    );
  }

  private warnOfBoot(): void {
    const late = this.boot.hooks.running.join(' and ') || 'the boot';
    this.logger.warn(
      `${late} did not finish within ${this.timeout} ms: the worker ends in the middle of its boot, without shutdown hooks.`,
    );
  }
}
