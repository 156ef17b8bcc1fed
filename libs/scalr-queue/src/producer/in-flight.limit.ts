import { Injectable } from '@nestjs/common';
import { QueueUnavailableError } from '../errors/enqueue.errors.js';
import { ENQUEUE_DEADLINE } from '../options/defaults.js';

const MOST = 2_000;

/**
 * How many calls may wait for Redis at a time. The others wait here, where a job is only what the caller holds anyway, and
 * not in the buffers of the connection: while Redis hangs, a burst of 100,000 would take hundreds of megabytes there.
 */
@Injectable()
export class InFlightLimit {
  private inFlight = 0;
  /** In order; a set, for most leave it from the middle when their time is over. */
  private readonly waiting = new Set<() => void>();

  /** @throws QueueUnavailableError when no place gets free within the deadline */
  async run<T>(send: () => Promise<T>): Promise<T> {
    if (this.inFlight >= MOST) await this.turn();
    else this.inFlight++;
    try {
      return await send();
    } finally {
      const [next] = this.waiting;
      if (next) {
        this.waiting.delete(next);
        next();
      } else this.inFlight--;
    }
  }

  /** Resolves with a place that another call has left. */
  private turn(): Promise<void> {
    return new Promise((resolve, reject) => {
      const take = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.waiting.delete(take);
        reject(
          new QueueUnavailableError(
            `Redis is slower than this process enqueues: ${MOST} calls are waiting for it. Nothing was enqueued; it is safe to try again.`,
          ),
        );
      }, ENQUEUE_DEADLINE);
      this.waiting.add(take);
    });
  }
}
