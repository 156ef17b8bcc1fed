import type { DeadPosition } from '../engine/dead-position.js';
import type { Actor } from '../contract/audit.js';
import { InvalidOptionError } from '../contract/errors/configuration.errors.js';
import { OptionChecker } from '../contract/option-checker.js';
import { fromCursor } from './dead-letter.cursor.js';

/** Which page of the dead jobs. */
export interface DeadLetterPage {
  /** Jobs on the page, 1 to 1,000. Defaults to 50. */
  readonly limit?: number;
  /** What the page before returned; left out for the first. */
  readonly cursor?: string;
}

/** How far `retry` or `delete` is. */
export interface DeadLetterProgress {
  /** Dead jobs looked at. */
  readonly scanned: number;
  /** Of those, the ones that match. */
  readonly matched: number;
  /** Of those, the ones that were retried or deleted. */
  readonly done: number;
}

/** Options of `retry` and `delete`. */
export interface DeadLetterActionOptions extends Actor {
  /** The most jobs to take, newest first. Defaults to all that match. */
  readonly limit?: number;
  /** Only counts; nothing is changed. Defaults to false. */
  readonly dryRun?: boolean;
  /** Where an earlier call stopped. */
  readonly cursor?: string;
  /** Called after every slice of at most 500 jobs looked at or 100 changed. */
  readonly onProgress?: (progress: DeadLetterProgress) => void;
  /** Stops after the at most 100 jobs that are on their way; the result then has the `cursor` to carry on from. */
  readonly signal?: AbortSignal;
}

const check = new OptionChecker(InvalidOptionError);

/** @throws InvalidOptionError */
export function checkPage(page: unknown): { limit: number; after?: DeadPosition } {
  const { limit = 50, cursor } = check.object('the page', page, ['limit', 'cursor']);
  return { limit: check.integer('limit', limit, 1, 1_000), after: fromCursor(cursor) };
}
