import type { DeadPosition } from '../engine/dead-position.js';
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
export interface DeadLetterActionOptions {
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

/** Options of an action that have passed their checks. */
export interface CheckedActionOptions extends Pick<DeadLetterActionOptions, 'onProgress' | 'signal'> {
  readonly limit: number;
  readonly dryRun: boolean;
  readonly after?: DeadPosition;
}

const MOST = 100_000_000;
const ACTION_KEYS = ['limit', 'dryRun', 'cursor', 'onProgress', 'signal'];
const check = new OptionChecker(InvalidOptionError);

/** @throws InvalidOptionError */
export function checkActionOptions(options: unknown): CheckedActionOptions {
  const given = check.object('the options', options, ACTION_KEYS);
  const { limit, dryRun, cursor, onProgress, signal } = given;
  if (onProgress !== undefined && typeof onProgress !== 'function')
    check.fail('onProgress', 'a function', onProgress);
  if (signal !== undefined && !(signal instanceof AbortSignal))
    check.fail('signal', 'an AbortSignal', signal);
  return {
    limit: limit === undefined ? MOST : check.integer('limit', limit, 1, MOST),
    dryRun: dryRun !== undefined && check.boolean('dryRun', dryRun),
    after: fromCursor(cursor),
    onProgress: onProgress as DeadLetterActionOptions['onProgress'],
    signal: signal as DeadLetterActionOptions['signal'],
  };
}

/** @throws InvalidOptionError */
export function checkPage(page: unknown): { limit: number; after?: DeadPosition } {
  const { limit = 50, cursor } = check.object('the page', page, ['limit', 'cursor']);
  return { limit: check.integer('limit', limit, 1, 1_000), after: fromCursor(cursor) };
}
