import { InvalidOptionError } from '../errors/configuration.errors.js';
import type { Duration } from '../options/duration.js';
import { OptionChecker } from '../options/option-checker.js';
import { shareClasses } from '../errors/shared-class.js';

const check = new OptionChecker(InvalidOptionError);

/** Also of what has no text, such as a symbol: a raw TypeError here would be a failed attempt instead of the signal. */
function textOf(message: unknown): string {
  try {
    return String(message);
  } catch {
    return `a value of type ${typeof message}`;
  }
}

/** Base of what a handler throws to say how the job goes on; not a failure of the handler. */
export abstract class JobSignal extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message === undefined ? '' : textOf(message), options);
    this.name = new.target.name;
  }
}

/**
 * Thrown by a handler: this attempt failed, the next one starts after `delay` instead of the usual backoff,
 * for example the time a `Retry-After` header asks for. Uses an attempt.
 */
export class RetryLater extends JobSignal {
  /** Milliseconds until the next attempt. */
  readonly delay: number;

  constructor(delay: Duration, options?: { cause?: unknown }) {
    const ms = check.duration('the delay of RetryLater', delay);
    super(`retry in ${ms} ms`, options);
    this.delay = ms;
  }
}

/** Thrown by a handler: not now, offer the job again after `delay`. Uses no attempt. */
export class Snooze extends JobSignal {
  /** Milliseconds until the job is offered again. */
  readonly delay: number;

  constructor(delay: Duration) {
    const ms = check.duration('the delay of Snooze', delay, 1);
    super(`snoozed for ${ms} ms`);
    this.delay = ms;
  }
}

/** Thrown by a handler: the job can never succeed. It is dead at once (reason `discarded`), however many attempts are left. */
export class Discard extends JobSignal {}

shareClasses({ JobSignal, RetryLater, Snooze, Discard });
