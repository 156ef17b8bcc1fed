import { Injectable } from '@nestjs/common';
import { onAbort } from '../engine/abort.watch.js';
import { refusal } from '../engine/refusal.js';
import { QueueUnavailableError } from '../contract/errors/enqueue.errors.js';

/** Calls that may be on their way to Redis. */
const MOST = 2_000;
/** Calls that may wait for one of those to end; about what Redis can take from one process before their time is over. */
const LONGEST_LINE = 8_000;

interface Waiting {
  readonly deadline: number;
  readonly take: () => void;
  readonly giveUp: (error: Error) => void;
}

/**
 * How many calls may wait for Redis at a time. The others wait here, where a job is only what the caller holds anyway, and
 * not in the buffers of the connection; and what would wait in vain is refused at once. While Redis hangs, a burst of 100,000
 * would take hundreds of megabytes otherwise, and seconds of this process to fail.
 */
@Injectable()
export class InFlightLimit {
  private inFlight = 0;
  /** In order, and so by deadline, which is why one timer is enough. */
  private readonly line = new Set<Waiting>();
  private timer?: NodeJS.Timeout;

  /** @throws QueueUnavailableError when as many wait as may; before any work for the call is done */
  admit(): void {
    // There is a line only while all places are taken.
    if (this.line.size >= LONGEST_LINE) throw overloaded();
  }

  /**
   * Runs `send` when there is room.
   * @param deadline on the clock of `performance.now()`
   * @param signal ends the wait for a place with its reason
   * @throws QueueUnavailableError when no place gets free before the deadline, or too many wait already
   */
  async run<T>(deadline: number, send: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    this.admit();
    if (!this.take()) await this.turn(deadline, signal);
    try {
      return await send();
    } finally {
      this.leave();
    }
  }

  /** Takes a place, to be given back with {@link leave}; false where all are taken. */
  take(): boolean {
    if (this.inFlight >= MOST) return false;
    this.inFlight++;
    return true;
  }

  /** Gives the place to the first in the line whose time is not over. */
  leave(): void {
    if (this.line.size === 0) {
      this.inFlight--;
      return;
    }
    const now = performance.now();
    for (const next of this.line) {
      this.line.delete(next);
      if (next.deadline > now) return next.take();
      next.giveUp(overloaded());
    }
    this.inFlight--;
  }

  /** Resolves with a place that another call has left. */
  private turn(deadline: number, signal?: AbortSignal): Promise<void> {
    let forget: (() => void) | undefined;
    const place = new Promise<void>((take, giveUp) => {
      const waiting = { deadline, take, giveUp };
      this.line.add(waiting);
      this.timer ??= setTimeout(() => this.sweep(), deadline - performance.now());
      if (!signal) return;
      forget = onAbort(signal, () => {
        this.line.delete(waiting);
        giveUp(signal.reason as Error);
      });
    });
    return forget ? place.finally(forget) : place;
  }

  /** Lets those go whose time is over, and comes again for the next one. */
  private sweep(): void {
    this.timer = undefined;
    const now = performance.now();
    for (const waiting of this.line) {
      if (waiting.deadline > now) {
        this.timer = setTimeout(() => this.sweep(), waiting.deadline - now);
        return;
      }
      this.line.delete(waiting);
      waiting.giveUp(overloaded());
    }
  }
}

function overloaded(): QueueUnavailableError {
  return refusal(
    () =>
      new QueueUnavailableError(
        `Redis is slower than this process enqueues: ${MOST} calls are waiting for it. Nothing was enqueued; it is safe to try again.`,
      ),
  );
}
