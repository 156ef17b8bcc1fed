import { InvalidOptionError } from '../contract/errors/configuration.errors.js';
import { definitionIn, momentIn } from '../contract/filter-parts.js';
import type { AnyJobDefinition } from '../contract/job-definition.js';
import type { JobInfo } from '../contract/job-info.js';
import { OptionChecker } from '../contract/option-checker.js';
import { checkTag } from '../contract/tags.js';

/** What a field of a payload is compared with. */
export type PayloadValue = string | number | boolean | null;

/** Which jobs that have not started are meant; a job must meet all that is given. */
export interface PendingFilter {
  /** Jobs of this definition, or of this name. */
  readonly definition?: AnyJobDefinition | string;
  /** Jobs of this queue. */
  readonly queue?: string;
  /** Jobs in this state. Defaults to both. */
  readonly state?: 'waiting' | 'delayed';
  /** Jobs whose payload has these values at these paths, such as `{ 'customer.tenant': 'acme' }`. */
  readonly payload?: Readonly<Record<string, PayloadValue>>;
  /** Jobs with this tag. */
  readonly tag?: string;
  /** Jobs that were enqueued before this moment. */
  readonly enqueuedBefore?: Date;
}

/** A filter that has passed its checks. */
export interface CheckedPending {
  readonly name?: string;
  readonly queue?: string;
  readonly states: readonly ('waiting' | 'delayed')[];
  readonly payload: readonly (readonly [path: readonly string[], value: PayloadValue])[];
  readonly tag?: string;
  /** Epoch milliseconds; `Infinity` for no bound. */
  readonly before: number;
}

const STATES = ['waiting', 'delayed'] as const;
const KEYS = ['definition', 'queue', 'state', 'payload', 'tag', 'enqueuedBefore'];
const MAX_FIELDS = 10;
const check = new OptionChecker(InvalidOptionError);

/** @throws InvalidOptionError, also for a filter that names no job in particular: that would be all of the app */
export function checkPending(filter: unknown): CheckedPending {
  const { definition, queue, state, payload, tag, enqueuedBefore } = check.object(
    'the filter of jobs',
    filter,
    KEYS,
  );
  if ([definition, queue, payload, tag].every((given) => given === undefined))
    throw new InvalidOptionError('the filter of jobs must name a definition, a queue, a payload or a tag');
  return {
    ...(definition === undefined ? {} : { name: definitionIn(definition) }),
    ...(queue === undefined ? {} : { queue: check.name('filter.queue', queue) }),
    states: state === undefined ? STATES : [check.oneOf('filter.state', state, STATES)],
    payload: payload === undefined ? [] : fieldsOf(payload),
    ...(tag === undefined ? {} : { tag: checkTag(check, 'filter.tag', tag) }),
    before: enqueuedBefore === undefined ? Infinity : momentIn('filter.enqueuedBefore', enqueuedBefore),
  };
}

/** Whether the jobs themselves must be read to know which match. */
export function needsReading({ payload, tag, before }: CheckedPending): boolean {
  return payload.length > 0 || tag !== undefined || before !== Infinity;
}

/** Whether a job matches that was read, whatever its queue. */
export function matchesPending(filter: CheckedPending, job: JobInfo, payload: unknown): boolean {
  return (
    filter.states.some((state) => state === job.state) &&
    (filter.name === undefined || filter.name === job.name) &&
    (filter.tag === undefined || job.tags?.includes(filter.tag) === true) &&
    job.enqueuedAt.getTime() < filter.before &&
    filter.payload.every(([path, value]) => valueAt(payload, path) === value)
  );
}

/** The value at a path of a payload; undefined where there is none. */
export function valueAt(payload: unknown, path: readonly string[]): unknown {
  let value = payload;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

function fieldsOf(payload: unknown): CheckedPending['payload'] {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload))
    return check.fail('filter.payload', 'an object of paths and values', payload);
  const fields = Object.entries(payload);
  if (fields.length === 0 || fields.length > MAX_FIELDS)
    throw new InvalidOptionError(
      `expected filter.payload to have 1 to ${MAX_FIELDS} paths, got: ${fields.length}`,
    );
  return fields.map(([path, value]) => {
    const isValue = value === null || ['string', 'number', 'boolean'].includes(typeof value);
    if (path === '' || !isValue)
      check.fail(
        `filter.payload[${JSON.stringify(path)}]`,
        'a string, number, boolean or null at a path',
        value,
      );
    return [path.split('.'), value as PayloadValue] as const;
  });
}
