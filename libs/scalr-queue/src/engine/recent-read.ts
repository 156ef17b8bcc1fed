import { STATE_CACHE, STATE_TIMEOUT } from '../contract/defaults.js';
import { QueueUnavailableError } from '../contract/errors/enqueue.errors.js';
import { withDeadline } from './deadline.js';
import type { QueueEngine } from './queue.engine.js';

/**
 * A read for probes that ask all the time, such as health checks and scrapes: done at most once a second however many ask, and
 * answered within 800 ms whatever the engine does.
 */
export class RecentRead<T> {
  private last: Promise<T | undefined> = Promise.resolve(undefined);
  private readAt = -Infinity;
  /** Why the last read gave nothing: the engine may be away, or refuse it to this user. */
  failure?: Error;

  constructor(
    private readonly engine: Pick<QueueEngine, 'ready' | 'readError'>,
    private readonly read: () => Promise<T>,
  ) {}

  /** Undefined when the engine does not answer. */
  get(): Promise<T | undefined> {
    // Costs nothing to know, so it is never kept.
    if (!this.engine.ready) return Promise.resolve(undefined);
    const now = performance.now();
    if (now - this.readAt < STATE_CACHE) return this.last;
    this.readAt = now;
    const late = () => new QueueUnavailableError(`Redis did not answer within ${STATE_TIMEOUT} ms`);
    this.last = withDeadline(this.read(), STATE_TIMEOUT, late).catch(async (error: unknown) => {
      this.failure = await this.engine.readError(error);
      return undefined;
    });
    return this.last;
  }
}
