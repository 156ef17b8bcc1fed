import { Logger } from '@nestjs/common';
import { JobTimeoutError } from '../contract/errors/outcome.errors.js';
import type { Clock } from '../config/clock.js';

/** A handler still running this long after its signal aborted is reported. */
const STUCK_AFTER = 10_000;

const logger = new Logger('ScalrQueue');

const ignore = () => undefined;

/** The time of an attempt: a handler that has to wait for its turn stops it meanwhile. */
export interface AttemptClock {
  stop(): void;
  /**
   * Called when the wait is over.
   * @throws AttemptFailure when it took too long for the job to start
   */
  admit(): Promise<void>;
  /** Starts it anew. */
  start(): void;
}

/** One run of a handler: it ends when the handler does or when its signal aborts, whichever comes first. */
export class Attempt implements AttemptClock {
  /** Whether its handler runs, or has run: not while that waits for its turn. */
  begun = false;
  /** Whether a handler that had to wait may still start. */
  admission?: () => Promise<void>;
  private controller?: AbortController;
  private reason?: Error;
  private end: (reason: Error) => void = ignore;
  private cancelTimer?: () => void;
  private onTimeout: () => void = ignore;
  private timeout = 0;

  constructor(
    private readonly label: string,
    private readonly jobId: string,
    private readonly clock: Clock,
  ) {}

  /** Made when it is asked for: most handlers never look. */
  get signal(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController();
      if (this.reason) this.controller.abort(this.reason);
    }
    return this.controller.signal;
  }

  /** Ends the attempt: it rejects with `reason`, whatever the handler does. */
  abort(reason: Error): void {
    if (this.reason) return;
    this.reason = reason;
    this.end(reason);
    this.controller?.abort(reason);
  }

  stop(): void {
    this.begun = false;
    this.cancelTimer?.();
  }

  async admit(): Promise<void> {
    await this.admission?.();
  }

  start(): void {
    this.cancelTimer?.();
    if (this.reason) return;
    this.begun = true;
    this.cancelTimer = this.clock.after(this.timeout, this.onTimeout);
  }

  run(handler: () => Promise<unknown>, timeout: number, jobName: string): Promise<unknown> {
    this.timeout = timeout;
    this.onTimeout = () => this.abort(new JobTimeoutError(jobName, timeout));
    this.start();
    const running = handler();
    return new Promise((resolve, reject) => {
      const settle = () => {
        this.cancelTimer?.();
        this.end = ignore;
      };
      this.end = (reason) => {
        settle();
        this.watchStuck(running);
        reject(reason);
      };
      if (this.reason) return this.end(this.reason);
      running.then(
        (value) => {
          settle();
          resolve(value);
        },
        (error: unknown) => {
          settle();
          reject(error);
        },
      );
    });
  }

  /** The slot is free again, but the code still runs beside the next job: say so. */
  private watchStuck(running: Promise<unknown>): void {
    const timer = setTimeout(() => {
      logger.warn(
        `${this.label} still runs ${STUCK_AFTER / 1_000} s after its signal aborted (job ${this.jobId}). ` +
          'Pass ctx.signal on, or check ctx.signal.aborted in loops.',
      );
    }, STUCK_AFTER);
    timer.unref();
    const end = () => clearTimeout(timer);
    running.then(end, end);
  }
}
