import { InvalidOptionError } from './errors/configuration.errors.js';

/**
 * Refuses arguments that a call does not take. Ignored, a cursor among them would give the first page again and again.
 * @throws InvalidOptionError
 */
export function refuseMore(more: readonly unknown[], usage: string): void {
  if (more.some((argument) => argument !== undefined)) throw new InvalidOptionError(usage);
}
