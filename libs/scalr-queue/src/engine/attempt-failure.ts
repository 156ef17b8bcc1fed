import { describeThrown, type FailureKind, formatFailure } from './failure.js';
import type { JobErrorInfo } from '../contract/job-info.js';

/**
 * What the engine is given when an attempt fails. It stores the message and the stack. Upstream: BullMQ gives up at once on this
 * special name, and else asks our backoff strategy with the error, which reads `retryDelay`.
 */
export class AttemptFailure extends Error {
  readonly info: JobErrorInfo;

  /**
   * @param kind why the job is dead, or `retrying`
   * @param at when it failed, in epoch milliseconds
   * @param thrown what the handler threw
   * @param retryDelay milliseconds until the next attempt
   * @param fingerprint what groups it with others, where its definition says so
   */
  constructor(
    readonly kind: FailureKind,
    readonly thrown: unknown,
    attempt: number,
    at: number,
    readonly retryDelay = 0,
    readonly fingerprint?: string,
  ) {
    const { stack, ...info } = describeThrown(thrown);
    super(formatFailure(kind, info, fingerprint));
    this.info = info;
    this.name = kind === 'retrying' ? 'AttemptFailure' : 'UnrecoverableError';
    this.stack = `${new Date(at).toISOString()} attempt ${attempt}\n${stack ?? `${info.name}: ${info.message}`}`;
  }
}

/** The engine's backoff strategy: never throws, for that would leave the job stuck until its lock expires. */
export function attemptBackoff(_attemptsMade: number, _type?: string, error?: Error): number {
  return error instanceof AttemptFailure ? error.retryDelay : 1_000;
}
