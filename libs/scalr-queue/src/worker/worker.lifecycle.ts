import { type INestApplicationContext, Logger } from '@nestjs/common';
import type { WorkerHealthServer } from '../health/worker-health.server.js';
import type { WorkerState } from '../health/worker.state.js';
import type { WorkerPool } from './worker.pool.js';

/** What hand-back, providers and health server may take together after the patience is over. */
const LAST_MOMENT = 900;
const HAND_BACK = 400;

/**
 * The end of a worker, in this order: not ready, take no job, wait for the running ones, abort and give back the rest, close the
 * application's providers (databases last of all), stop answering health checks. It takes the timeout and one second at the
 * most, also when Redis does not answer any more.
 */
export class WorkerLifecycle {
  health?: WorkerHealthServer;
  context?: INestApplicationContext;
  pool?: WorkerPool;
  private readonly logger = new Logger('ScalrQueue');
  private readonly onSignal = (signal: NodeJS.Signals) => void this.end(signal);
  /** Has the last word, after everything is closed: the exit code. */
  atEnd: () => number | Promise<number> = () => 0;
  /** Resolves when the shutdown begins. */
  readonly closed: Promise<void>;
  private beginClose: () => void = () => undefined;
  private running?: Promise<void>;

  constructor(
    private readonly state: WorkerState,
    private readonly timeout: number,
  ) {
    this.closed = new Promise((resolve) => (this.beginClose = resolve));
  }

  /** Shuts down and ends the process at SIGTERM or SIGINT; a second one ends it at once. */
  listen(): void {
    process.on('SIGTERM', this.onSignal);
    process.on('SIGINT', this.onSignal);
  }

  get closing(): boolean {
    return this.running !== undefined;
  }

  close(): Promise<void> {
    this.running ??= this.shutDown();
    return this.running;
  }

  /** Shuts down and ends the process. */
  async exit(): Promise<never> {
    await this.close();
    process.exit(await this.atEnd());
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    if (this.running) {
      this.logger.warn(`${signal} again: ending at once`);
      process.exit(1);
    }
    this.logger.log(`${signal}: shutting down, running jobs have ${this.timeout} ms`);
    await this.exit();
  }

  private async shutDown(): Promise<void> {
    this.state.phase = 'draining';
    this.beginClose();
    if (this.pool) await this.drain(this.pool);
    const rest = (async () => {
      await this.context
        ?.close()
        .catch((error: unknown) => this.logger.error(`closing the application failed: ${String(error)}`));
    })();
    await within(rest, LAST_MOMENT - HAND_BACK);
    await within(this.health?.close() ?? Promise.resolve(), 100);
    process.off('SIGTERM', this.onSignal);
    process.off('SIGINT', this.onSignal);
  }

  private async drain(pool: WorkerPool): Promise<void> {
    const drained = pool
      .drain()
      .catch((error: unknown) => this.logger.error(`draining failed: ${String(error)}`));
    // With nothing running there is nothing to be patient for, not even for a Redis that does not answer.
    const patience = pool.running > 0 ? this.timeout : Math.min(this.timeout, HAND_BACK);
    if (!(await within(drained, patience))) {
      pool.endPatience();
      await within(drained, HAND_BACK);
    }
    const { finished, handedBack, abandoned } = pool.ledger;
    const unsure = abandoned > 0 ? `, ${abandoned} left to recovery (Redis did not answer)` : '';
    this.logger.log(`Shutdown: ${finished} finished, ${handedBack} handed back, 0 lost${unsure}`);
  }
}

/** Whether the work settled in time. */
async function within(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const inTime = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return inTime;
}
