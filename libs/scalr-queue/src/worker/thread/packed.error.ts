import { EffectResultError, EffectUnknownError } from '../../contract/errors/effect.errors.js';
import { HandBack } from '../../engine/run-ends.js';
import { describeThrown, isInstance } from '../../engine/failure.js';
import { Discard, RetryLater, Snooze } from '../../contract/control-flow-signals.js';

/** What is left of an error that crosses a thread: classes do not survive cloning, so a tag stands for ours. */
export interface PackedError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly signal?: 'RetryLater' | 'Snooze' | 'Discard' | 'HandBack' | 'EffectUnknown' | 'EffectResult';
  /** Of an effect. */
  readonly key?: string;
  readonly delay?: number;
  readonly cause?: PackedError;
}

/** Whatever was thrown, as plain data. Never throws itself. */
export function packError(thrown: unknown): PackedError {
  const packed = describeThrown(thrown);
  if (isInstance(thrown, Discard)) return { ...packed, signal: 'Discard' };
  if (isInstance(thrown, Snooze)) return { ...packed, signal: 'Snooze', delay: thrown.delay };
  if (isInstance(thrown, HandBack)) return { ...packed, signal: 'HandBack' };
  if (isInstance(thrown, EffectUnknownError)) return { ...packed, signal: 'EffectUnknown', key: thrown.key };
  if (isInstance(thrown, EffectResultError)) return { ...packed, signal: 'EffectResult', key: thrown.key };
  if (!isInstance(thrown, RetryLater)) return packed;
  const { delay, cause } = thrown;
  return {
    ...packed,
    signal: 'RetryLater',
    delay,
    ...(cause === undefined ? {} : { cause: packError(cause) }),
  };
}

/** The error again: of our class when it was one of ours to say how the job goes on, else a plain `Error`. */
export function unpackError(packed: PackedError): Error {
  const { name, code, stack, message } = packed;
  return Object.assign(signalOf(packed) ?? new Error(packed.message), {
    name,
    message,
    ...(code === undefined ? {} : { code }),
    ...(stack === undefined ? {} : { stack }),
  });
}

function signalOf({ signal, message, delay = 0, key = '', cause }: PackedError): Error | undefined {
  switch (signal) {
    case 'RetryLater':
      return new RetryLater(delay, cause && { cause: unpackError(cause) });
    case 'Snooze':
      return new Snooze(delay);
    case 'Discard':
      return new Discard(message);
    case 'HandBack':
      return new HandBack();
    case 'EffectUnknown':
      return new EffectUnknownError(key, '');
    case 'EffectResult':
      return new EffectResultError(key, '');
    default:
      return undefined;
  }
}
