import { ScalrQueueError } from './scalr-queue.error.js';
import { shareClasses } from './shared-class.js';

/** A limiter is used up, and the caller did not wait, or not long enough. Nothing was run. */
export class LimitExceededError extends ScalrQueueError {
  readonly code = 'LIMIT_EXCEEDED';

  /**
   * @param limiter its name
   * @param retryAfter milliseconds until it may be asked again with success, unless others are faster
   */
  constructor(
    readonly limiter: string,
    readonly retryAfter: number,
    options?: { cause?: unknown },
  ) {
    super(
      `the limiter "${limiter}" is used up: try again in ${retryAfter} ms, or wait for it with { wait }. Nothing was run.`,
      options,
    );
  }
}

/** The breaker of a limiter is open: what it guards has failed too often. Nothing was run. */
export class CircuitOpenError extends ScalrQueueError {
  readonly code = 'CIRCUIT_OPEN';

  /**
   * @param limiter its name
   * @param retryAfter milliseconds until a call is let through again
   */
  constructor(
    readonly limiter: string,
    readonly retryAfter: number,
  ) {
    super(
      `the breaker of the limiter "${limiter}" is open, as too many calls failed: try again in ${retryAfter} ms. Nothing was run.`,
    );
  }
}

/** Another holds the lock, and did for as long as the caller waited. Nothing was run. */
export class LockNotAcquiredError extends ScalrQueueError {
  readonly code = 'LOCK_NOT_ACQUIRED';

  /**
   * @param lock its name
   * @param retryAfter milliseconds until the lease of the holder ends, unless it is renewed
   */
  constructor(
    readonly lock: string,
    readonly retryAfter: number,
    options?: { cause?: unknown },
  ) {
    super(`the lock "${lock}" is held by another: wait longer with { wait }. Nothing was run.`, options);
  }
}

/**
 * The lease of a lock, of a place of a limiter or of a leader was lost: its process was stopped, or Redis away, for longer than the lease.
 * Another may hold it. The reason of the signal, and what the call rejects with.
 */
export class LeaseLostError extends ScalrQueueError {
  readonly code = 'LEASE_LOST';

  /** @param lease what was lost, such as `lock "rebuild"` */
  constructor(readonly lease: string) {
    super(
      `the lease of the ${lease} was lost: its process was stopped, or Redis away, for longer than it lasts. Another may hold it now.`,
    );
  }
}

shareClasses({ LimitExceededError, CircuitOpenError, LockNotAcquiredError, LeaseLostError });
