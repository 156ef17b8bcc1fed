import { ScalrQueueError } from './scalr-queue.error.js';
import { shareClasses } from './shared-class.js';

/**
 * An earlier run began an effect of `ctx.once`, and nobody knows whether it happened: its job is dead (reason `effect-unknown`), as
 * the call says `onUnknown: 'fail'`. Look at the other side, then retry the job by hand: the effect runs again, with the same key.
 */
export class EffectUnknownError extends ScalrQueueError {
  readonly code = 'EFFECT_UNKNOWN';
  /** Key of the effect. */
  readonly key: string;

  constructor(key: string, idempotencyKey: string, options?: { cause?: unknown }) {
    super(
      `whether ctx.once("${key}") has happened is not known: it was begun, and its end was not seen. Look at the other side ` +
        `(idempotency key ${idempotencyKey}); a retry of the job by hand runs it again with that key.`,
      options,
    );
    this.key = key;
  }
}

/** An effect of `ctx.once` has happened, and what it returned cannot be stored: its job is dead (reason `invalid-result`). */
export class EffectResultError extends ScalrQueueError {
  readonly code = 'EFFECT_RESULT';
  /** Key of the effect. */
  readonly key: string;

  constructor(key: string, why: string, options?: { cause?: unknown }) {
    super(
      `ctx.once("${key}") has happened, and is not run again, but what it returned cannot be stored: ${why} ` +
        'Return plain data, or nothing.',
      options,
    );
    this.key = key;
  }
}

shareClasses({ EffectUnknownError, EffectResultError });
