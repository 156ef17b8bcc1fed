import { InvalidOptionError } from '../contract/errors/configuration.errors.js';
import { describe } from '../contract/option-checker.js';
import { cureOf } from '../contract/suggestion.js';

const thrown = new WeakSet<Error>();

/** Whether an error is that of {@link checkQueue}. */
export const isUnknownQueue = (error: Error): boolean => thrown.has(error);

/** @throws InvalidOptionError, with what may have been meant, for a queue that the app does not have */
export function checkQueue(name: unknown, known: readonly string[]): void {
  if (known.some((one) => one === name)) return;
  const error = new InvalidOptionError(`unknown queue ${describe(name)}, ${cureOf(name, known)}`);
  thrown.add(error);
  throw error;
}
