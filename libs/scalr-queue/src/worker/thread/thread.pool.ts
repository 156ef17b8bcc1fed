import { Logger } from '@nestjs/common';
import { availableParallelism } from 'node:os';
import type { Piscina } from 'piscina';
import { JobThreadError } from '../../contract/errors/thread.errors.js';
import type { JobContext } from '../../contract/job-context.js';
import type { AttemptClock } from '../attempt.js';
import type { ThreadLimits } from '../process-job.decorator.js';
import { ThreadRun, type ThreadStarter } from './thread-run.js';
import { ThreadSlots } from './thread-slots.js';

/** A thread without a job ends after this time. */
const IDLE_TIMEOUT = 30_000;

/**
 * The threads that run one thread file: as many as there are jobs at the moment, which the concurrency of the queue bounds,
 * but never more than cores.
 */
export class ThreadPool {
  private readonly logger = new Logger('ScalrQueue');
  private readonly slots = new ThreadSlots(availableParallelism());
  private engine?: Promise<Piscina>;
  private closed = false;

  /** @param path of the thread file */
  constructor(
    private readonly label: string,
    private readonly path: string,
    private readonly limits?: ThreadLimits,
  ) {}

  /**
   * Runs one job; its time counts from when a thread is free for it.
   * @throws what the handler threw, or JobThreadError when the thread died or could not run
   */
  async run(payload: unknown, context: JobContext, clock: AttemptClock, trace?: string): Promise<unknown> {
    clock.stop();
    await this.slots.take(context.signal);
    try {
      const engine = await this.start();
      context.signal.throwIfAborted();
      await clock.admit();
      clock.start();
      return await new ThreadRun(context).output(this.starterOf(engine), payload, trace);
    } finally {
      this.slots.release();
    }
  }

  /** Kills all threads. */
  async close(): Promise<void> {
    this.closed = true;
    await (await this.engine)?.destroy();
  }

  private starterOf(engine: Piscina): ThreadStarter {
    return async (task, kill) => {
      try {
        return await engine.run(task, { filename: this.path, transferList: [task.port], signal: kill });
      } catch (error) {
        throw new JobThreadError(this.label, error);
      }
    };
  }

  /** Loaded and made at the first job: producers never need it. */
  private start(): Promise<Piscina> {
    if (this.closed) throw new JobThreadError(this.label, new Error('the worker is closed'));
    this.engine ??= this.create();
    return this.engine;
  }

  private async create(): Promise<Piscina> {
    const { Piscina } = await import('piscina');
    const engine = new Piscina({
      minThreads: 0,
      maxThreads: availableParallelism(),
      idleTimeout: IDLE_TIMEOUT,
      // Otherwise a thread without a job is frozen: connections that its modules keep open would die.
      atomics: 'disabled',
      recordTiming: false,
      ...(this.limits ? { resourceLimits: this.limits } : {}),
    });
    // Without a listener an error in a thread that runs no job would end the process.
    engine.on('error', (error: Error) =>
      this.logger.error(`a thread of ${this.label} died without a job: ${error.message}`),
    );
    return engine;
  }
}
