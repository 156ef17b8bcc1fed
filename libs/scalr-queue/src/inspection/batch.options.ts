import { ACTOR_KEYS } from '../audit/actor.js';
import { InvalidOptionError } from '../contract/errors/configuration.errors.js';
import { OptionChecker } from '../contract/option-checker.js';

/** What options of an act on many jobs may hold, each. */
export const BATCH_KEYS = ['limit', 'dryRun', 'onProgress', 'signal', ...ACTOR_KEYS];

/** Those that every such act has, after their checks. */
export interface CheckedBatch<Progress> {
  readonly limit: number;
  readonly dryRun: boolean;
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
}

const MAX_JOBS = 100_000_000;
const check = new OptionChecker(InvalidOptionError);

/** @param keys all that may be given @throws InvalidOptionError */
export function checkBatch<Progress>(options: unknown, keys = BATCH_KEYS): CheckedBatch<Progress> {
  const { limit, dryRun, onProgress, signal } = check.object('the options', options, keys);
  return {
    limit: limit === undefined ? MAX_JOBS : check.integer('limit', limit, 1, MAX_JOBS),
    dryRun: dryRun !== undefined && check.boolean('dryRun', dryRun),
    ...checkWatch<Progress>({ onProgress, signal }),
  };
}

/** How a caller watches what it started, and stops it. @throws InvalidOptionError */
export function checkWatch<Progress>({
  onProgress,
  signal,
}: Readonly<Record<string, unknown>>): Pick<CheckedBatch<Progress>, 'onProgress' | 'signal'> {
  if (onProgress !== undefined && typeof onProgress !== 'function')
    check.fail('onProgress', 'a function', onProgress);
  if (signal !== undefined && !(signal instanceof AbortSignal))
    check.fail('signal', 'an AbortSignal', signal);
  return {
    onProgress: onProgress as CheckedBatch<Progress>['onProgress'],
    signal: signal as CheckedBatch<Progress>['signal'],
  };
}
