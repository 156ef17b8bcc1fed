import { InvalidOptionError } from '../contract/errors/configuration.errors.js';
import type { JobInfo, JobState } from '../contract/job-info.js';
import { OptionChecker } from '../contract/option-checker.js';
import { checkTag } from '../contract/tags.js';
import { decodeCursor, encodeCursor } from '../engine/cursor.js';

/** Which jobs to list. */
export interface JobListOptions {
  /** Jobs in this state. Defaults to all states: running, waiting, delayed, dead, completed, in this order. */
  readonly state?: JobState;
  /** Jobs of this queue. Defaults to all queues of the app. */
  readonly queue?: string;
  /** Jobs of the definition with this name. */
  readonly name?: string;
  /** Jobs with this tag: jobs are read to know, at most 1,000 for a page, which may then be short, or empty, and still have a cursor. */
  readonly tag?: string;
  /** Jobs on the page, 1 to 1,000. Defaults to 50. */
  readonly limit?: number;
  /** What the page before returned; left out for the first. */
  readonly cursor?: string;
}

/** A page of jobs. */
export interface JobListPage {
  readonly jobs: readonly JobInfo[];
  /** Where the next page starts; undefined when this is the last. */
  readonly cursor?: string;
}

/** How far a list has got: which state, and in it how many of each list of the engine (`queue list`) were looked at. */
export interface ListPosition {
  readonly state: JobState;
  readonly offsets: Readonly<Record<string, number>>;
}

/** Options that have passed their checks. */
export interface CheckedListOptions {
  readonly states: readonly JobState[];
  readonly queue?: string;
  readonly name?: string;
  readonly tag?: string;
  readonly limit: number;
  readonly after?: ListPosition;
}

const STATES: readonly JobState[] = ['running', 'waiting', 'delayed', 'dead', 'completed'];
const KEYS = ['state', 'queue', 'name', 'tag', 'limit', 'cursor'];
const check = new OptionChecker(InvalidOptionError);

/** @throws InvalidOptionError */
export function checkListOptions(options: unknown): CheckedListOptions {
  const { state, queue, name, tag, limit, cursor } = check.object('the options of list', options, KEYS);
  return {
    states: state === undefined ? STATES : [check.oneOf('state', state, STATES)],
    queue: queue === undefined ? undefined : check.name('queue', queue),
    name: name === undefined ? undefined : check.name('name', name),
    tag: tag === undefined ? undefined : checkTag(check, 'tag', tag),
    limit: limit === undefined ? 50 : check.integer('limit', limit, 1, 1_000),
    after: cursor === undefined ? undefined : fromCursor(cursor),
  };
}

/**
 * The options with the limit and cursor of a second argument.
 * @throws InvalidOptionError for an unknown option, or one that both have
 */
export function withPage(
  options: JobListOptions,
  page: Pick<JobListOptions, 'limit' | 'cursor'>,
): JobListOptions {
  const paged = check.object('the page', page, ['limit', 'cursor']);
  const given = Object.entries(paged).filter(([, value]) => value !== undefined);
  if (given.length === 0) return options;
  const filter = { ...check.object('the options of list', options, KEYS) };
  for (const [name] of given)
    if (filter[name] !== undefined)
      throw new InvalidOptionError(`${name} is given twice: leave it out of one argument`);
  return { ...filter, ...Object.fromEntries(given) };
}

export function toCursor({ state, offsets }: ListPosition): string {
  return encodeCursor([state, offsets]);
}

function fromCursor(cursor: unknown): ListPosition {
  return decodeCursor(cursor, ([state, offsets]) => {
    const known = STATES.find((one) => one === state);
    const counts = Object.values(offsets as Record<string, unknown>);
    const areCounts = counts.every((count) => Number.isSafeInteger(count) && Number(count) >= 0);
    return known && areCounts ? { state: known, offsets: offsets as Record<string, number> } : undefined;
  });
}
