import type { WrittenDeath } from '../engine/dead-position.js';
import { InvalidOptionError } from '../contract/errors/configuration.errors.js';
import { definitionIn, momentIn } from '../contract/filter-parts.js';
import type { AnyJobDefinition } from '../contract/job-definition.js';
import { DEAD_REASONS, type DeadReason } from '../contract/job-info.js';
import { OptionChecker } from '../contract/option-checker.js';
import { checkTag } from '../contract/tags.js';
import { faultOf, fingerprintOf } from './fingerprint.js';

/** Which dead jobs are meant; an empty filter means all of them. */
export interface DeadLetterFilter {
  /** Jobs of this definition, or of this name. */
  readonly definition?: AnyJobDefinition | string;
  /** Jobs of this queue. */
  readonly queue?: string;
  /** Jobs that are dead for this reason. */
  readonly reason?: DeadReason;
  /** Jobs whose error (name, code or message) holds this text, in upper or lower case. */
  readonly error?: string;
  /** Jobs of this group, by its `fingerprint`; see `DeadLetterService.groups`. */
  readonly group?: string;
  /** Jobs with this tag. */
  readonly tag?: string;
  /** Jobs that died at this moment or later. */
  readonly after?: Date;
  /** Jobs that died before this moment. */
  readonly before?: Date;
}

/** A filter that has passed its checks. */
export interface CheckedFilter {
  /** What the engine's ids of the wanted jobs begin with. */
  readonly idPrefix?: string;
  readonly queue?: string;
  readonly reason?: DeadReason;
  /** In lower case. */
  readonly error?: string;
  readonly group?: string;
  readonly tag?: string;
  /** Epoch milliseconds, inclusive. */
  readonly from: number;
  /** Epoch milliseconds, inclusive. */
  readonly to: number;
}

const KEYS = ['definition', 'queue', 'reason', 'error', 'group', 'tag', 'after', 'before'];
const check = new OptionChecker(InvalidOptionError);

/** @throws InvalidOptionError */
export function checkFilter(filter: unknown): CheckedFilter {
  const given = check.object('the filter of dead jobs', filter, KEYS);
  return {
    ...(given.definition === undefined ? {} : { idPrefix: `${definitionIn(given.definition)}~` }),
    ...(given.queue === undefined ? {} : { queue: check.name('filter.queue', given.queue) }),
    ...(given.reason === undefined
      ? {}
      : { reason: check.oneOf('filter.reason', given.reason, DEAD_REASONS) }),
    ...(given.error === undefined ? {} : { error: textOf(given.error).toLowerCase() }),
    ...(given.group === undefined ? {} : { group: fingerprintIn(given.group) }),
    ...(given.tag === undefined ? {} : { tag: checkTag(check, 'filter.tag', given.tag) }),
    from: given.after === undefined ? 0 : momentIn('filter.after', given.after),
    to: given.before === undefined ? Infinity : momentIn('filter.before', given.before) - 1,
  };
}

/** Whether the jobs themselves must be read to know which match. */
export function needsReading({ reason, error, group, tag }: CheckedFilter): boolean {
  return [reason, error, group, tag].some((given) => given !== undefined);
}

/** Whether a job matches of which this is written down. */
export function matchesFailure(filter: CheckedFilter, death: WrittenDeath): boolean {
  if (filter.tag !== undefined && !death.tags?.includes(filter.tag)) return false;
  const fault = faultOf(death);
  const { reason, error } = fault;
  if (filter.reason !== undefined && reason !== filter.reason) return false;
  if (filter.group !== undefined && fingerprintOf(fault) !== filter.group) return false;
  const text = `${error.name}${error.code ? `[${error.code}]` : ''}: ${error.message}`;
  return filter.error === undefined || text.toLowerCase().includes(filter.error);
}

function textOf(error: unknown): string {
  if (typeof error !== 'string' || error === '' || error.length > 1_000) {
    return check.fail('filter.error', 'a string of 1 to 1000 characters', error);
  }
  return error;
}

function fingerprintIn(group: unknown): string {
  if (typeof group !== 'string' || !/^[\da-f]{8}$/.test(group))
    return check.fail('filter.group', 'the fingerprint of a group: 8 hexadecimal digits', group);
  return group;
}
