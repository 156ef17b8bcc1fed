import { STATE_CACHE, STATE_TIMEOUT } from '../../../contract/defaults.js';
import { QueueUnavailableError } from '../../../contract/errors/enqueue.errors.js';
import { withDeadline } from '../../deadline.js';
import { toReadError } from './redis-error.js';
import type { RedisConnections } from './redis.connections.js';

/**
 * A read for probes that ask all the time, such as health checks and scrapes: done at most once a second however many ask, and
 * answered within 800 ms whatever Redis does.
 */
export class RecentRead<T> {
  private last: Promise<T | undefined> = Promise.resolve(undefined);
  private readAt = -Infinity;
  /** Why the last read told nothing: Redis may be away, or refuse it to this user. */
  failure?: Error;

  constructor(
    private readonly connections: RedisConnections,
    private readonly read: () => Promise<T>,
  ) {}

  /** Undefined when Redis does not tell. */
  get(): Promise<T | undefined> {
    // Costs nothing to know, so it is never kept.
    if (!this.connections.ready) return Promise.resolve(undefined);
    const now = performance.now();
    if (now - this.readAt < STATE_CACHE) return this.last;
    this.readAt = now;
    const late = () => new QueueUnavailableError(`Redis did not answer within ${STATE_TIMEOUT} ms`);
    this.last = withDeadline(this.read(), STATE_TIMEOUT, late).catch((error: unknown) => {
      this.failure = toReadError(error);
      return undefined;
    });
    return this.last;
  }
}
