import { actedOn } from '../audit/acted-on.js';
import { ACTOR_KEYS, actorIn } from '../audit/actor.js';
import type { Actor, ActVia } from '../contract/audit.js';
import { InvalidOptionError } from '../contract/errors/configuration.errors.js';
import { isJobDefinition } from '../contract/job-definition.js';
import { OptionChecker } from '../contract/option-checker.js';
import type { RedriveFates, RedrivePlan, RedriveRecord } from '../engine/redrive-records.js';
import { checkWatch } from '../inspection/batch.options.js';
import { type CheckedFilter, checkFilter, type DeadLetterFilter } from './dead-letter.filter.js';
import type { Redrive, RedriveOptions } from './redrive.js';

/** How a redrive goes about it. */
export interface RedrivePace {
  readonly rate?: number;
  readonly first?: number;
  readonly stopAt: number | false;
  /** Milliseconds. */
  readonly wait: number;
}

/** Options that have passed their checks; of the pace what was given. */
export interface CheckedRedrive extends Pick<RedriveOptions, 'onProgress' | 'signal'> {
  readonly pace: Partial<RedrivePace>;
  readonly actor: Actor & { readonly via: ActVia };
}

/** The first jobs, whose ends tell whether it makes sense to go on. */
export const FIRST_JOBS = 50;

const DEFAULTS: RedrivePace = { stopAt: 0.2, wait: 30_000 };
const KEYS = ['rate', 'first', 'stopAt', 'wait', 'onProgress', 'signal', ...ACTOR_KEYS];
const check = new OptionChecker(InvalidOptionError);

/** @throws InvalidOptionError */
export function checkRedrive(options: unknown): CheckedRedrive {
  const { rate, first, stopAt, wait, ...watch } = check.object('the options', options, KEYS);
  return {
    actor: actorIn(options),
    ...checkWatch<Redrive>(watch),
    pace: {
      ...(rate === undefined ? {} : { rate: check.number('rate', rate, 0.01, 10_000) }),
      ...(first === undefined ? {} : { first: check.integer('first', first, 1, 1_000) }),
      ...(stopAt === undefined
        ? {}
        : { stopAt: stopAt === false ? stopAt : check.number('stopAt', stopAt, 0, 1) }),
      ...(wait === undefined ? {} : { wait: check.duration('wait', wait, 0, 3_600_000) }),
    },
  };
}

/** @throws InvalidOptionError */
export function checkRedriveId(id: unknown): string {
  if (typeof id !== 'string' || !/^[\da-f]{12}$/.test(id))
    return check.fail('the id of a redrive', '12 hexadecimal digits', id);
  return id;
}

/** What is written down of a new one. @param now epoch milliseconds */
export function planOf(
  which: DeadLetterFilter,
  { pace, actor: { by, via } }: CheckedRedrive,
  now: number,
): RedrivePlan {
  const { definition, after, before, ...texts } = which;
  // What died in this millisecond is meant too.
  const bound = before?.getTime() ?? now + 1;
  return {
    act: 'retry',
    filter: JSON.stringify({
      ...texts,
      ...(definition === undefined
        ? {}
        : { definition: isJobDefinition(definition) ? definition.name : definition }),
      ...(after === undefined ? {} : { after: after.getTime() }),
    }),
    before: String(bound),
    pace: JSON.stringify({ ...DEFAULTS, ...pace }),
    via,
    ...(by === undefined ? {} : { by }),
  };
}

/** What changes of a plan that is taken up again. */
export function changedPlan({ plan, state }: RedriveRecord, pace: Partial<RedrivePace>): RedrivePlan {
  const { first, ...former } = paceIn(plan);
  // The first jobs are done with once it has stopped; who carries on after a kill waits for them still.
  const kept = first === undefined || state === 'stopped' ? {} : { first };
  return { pace: JSON.stringify({ ...former, ...kept, ...pace }) };
}

export function paceIn(plan: RedrivePlan): RedrivePace {
  return JSON.parse(plan['pace'] ?? '{}') as RedrivePace;
}

/** The filter of a plan, with its bound. */
export function filterIn(plan: RedrivePlan): DeadLetterFilter & { readonly before: Date } {
  const { after, ...others } = JSON.parse(plan['filter'] ?? '{}') as DeadLetterFilter & { after?: number };
  return {
    ...others,
    ...(after === undefined ? {} : { after: new Date(after) }),
    before: new Date(Number(plan['before'])),
  };
}

export function checkedIn(plan: RedrivePlan): CheckedFilter {
  return checkFilter(filterIn(plan));
}

/** A redrive as it is shown. */
export function toRedrive(record: RedriveRecord, first: RedriveFates): Redrive {
  const { id, plan, state, why, at, matched, retried, kept, heldFor } = record;
  const { before, ...filter } = filterIn(plan);
  const isLost = (state === 'running' || state === 'stopping') && heldFor === 0;
  return {
    id,
    state: isLost ? 'interrupted' : state,
    ...(why === undefined ? {} : { why: why as Redrive['why'] }),
    what: actedOn(filter),
    before,
    at: new Date(at),
    ...(plan['by'] === undefined ? {} : { by: plan['by'] }),
    via: plan['via'] as ActVia,
    matched,
    retried,
    kept,
    first,
  };
}
