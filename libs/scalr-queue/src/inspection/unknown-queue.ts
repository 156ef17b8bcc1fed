import { InvalidOptionError } from '../errors/configuration.errors.js';
import { describe } from '../options/option-checker.js';
import { nearest } from '../options/suggestion.js';

/** @throws InvalidOptionError, with what may have been meant, for a queue that the app does not have */
export function checkQueue(name: unknown, known: readonly string[]): void {
  if (known.some((one) => one === name)) return;
  const suggestion = typeof name === 'string' ? nearest(name, known) : undefined;
  const cure = suggestion ? `did you mean "${suggestion}"?` : `known are: ${known.join(', ') || 'none'}`;
  throw new InvalidOptionError(`unknown queue ${describe(name)}, ${cure}`);
}
