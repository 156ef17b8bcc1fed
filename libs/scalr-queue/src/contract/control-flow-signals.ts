import { InvalidOptionError } from './errors/configuration.errors.js';
import type { Duration } from './duration.js';
import { OptionChecker } from './option-checker.js';
import { shareClasses } from './errors/shared-class.js';

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
export abstract class ControlFlowSignal extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message === undefined ? '' : textOf(message), options);
    this.name = new.target.name;
  }
}

/**
 * Thrown by a handler: this attempt failed, the next one starts after `delay` instead of the usual backoff,
 * for example the time a `Retry-After` header asks for. Uses an attempt.
 */
export class RetryLater extends ControlFlowSignal {
  /** Milliseconds until the next attempt. */
  readonly delay: number;

  constructor(delay: Duration, options?: { cause?: unknown }) {
    const ms = check.duration('the delay of RetryLater', delay);
    super(`retry in ${ms} ms`, options);
    this.delay = ms;
  }
}

/** Thrown by a handler: not now, offer the job again after `delay`. Uses no attempt. */
export class Snooze extends ControlFlowSignal {
  /** Milliseconds until the job is offered again. */
  readonly delay: number;

  constructor(delay: Duration) {
    const ms = check.duration('the delay of Snooze', delay, 1);
    super(`snoozed for ${ms} ms`);
    this.delay = ms;
  }
}

/** Thrown by a handler: the job can never succeed. It is dead at once (reason `discarded`), however many attempts are left. */
export class Discard extends ControlFlowSignal {}

// Release 0.1.0 called the first of them JobSignal.
shareClasses({ JobSignal: ControlFlowSignal, RetryLater, Snooze, Discard });
