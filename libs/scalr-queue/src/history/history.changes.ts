import type { FieldChange, StringChange } from '../engine/history-strings.js';
import {
  COARSE,
  FINE,
  type Grain,
  expiryOf,
  KIND_BITS,
  KIND_FIELDS,
  MINUTE,
  OLDEST,
  placeOf,
  QUEUE_BITS,
  QUEUE_FIELDS,
} from './layout.js';
import { type Counted, inOrder } from './tally.js';

/** What is written at a moment. */
export interface Flush extends Counted {
  readonly at: number;
  /** Days for which the cells of ten minutes are kept. */
  readonly days: number;
  /** Of each queue the age of its oldest job, in milliseconds, by the length of the cells. */
  readonly oldest: ReadonlyMap<string, { readonly fine: number; readonly coarse: number }>;
}

/** Only what has changed: no number that nothing is added to. */
export function changesOf(flush: Flush): StringChange[] {
  return [...ofGrain(flush, FINE, 1), ...ofGrain(flush, COARSE, flush.days)];
}

function ofGrain({ at, kinds, waits, oldest }: Flush, grain: Grain, days: number): StringChange[] {
  const { day, cell } = placeOf(at, grain.step);
  const expireIn = expiryOf(at, days);
  const ofKinds = [...kinds].map(([of, counts]) => ({
    string: { series: grain.kinds, of, day },
    bits: KIND_BITS,
    fields: additions(inOrder(counts), cell * KIND_FIELDS.length),
    expireIn,
  }));
  const queues = new Set([...waits.keys(), ...oldest.keys()]);
  const ofQueues = [...queues].map((of) => {
    const fields = additions(waits.get(of) ?? [], cell * QUEUE_FIELDS);
    const age = oldest.get(of);
    if (age) fields.push(setting(cell, grain === FINE ? age.fine : age.coarse));
    return { string: { series: grain.queues, of, day }, bits: QUEUE_BITS, fields, expireIn };
  });
  return [...ofKinds, ...ofQueues];
}

function additions(values: readonly number[], first: number): FieldChange[] {
  return values.flatMap((value, at) => (value > 0 ? [{ act: 'add', index: first + at, value }] : []));
}

/** In seconds, and one more: 0 says that nobody measured. */
function setting(cell: number, ageMs: number): FieldChange {
  return { act: 'set', index: cell * QUEUE_FIELDS + OLDEST, value: Math.round(ageMs / 1_000) + 1 };
}

/**
 * Marks the minute as one in which a worker lived.
 * @param previous whether this worker marked the minute before as well: it is set again, which tells whether it still was
 * @param expires whether to say how long that is kept
 */
export function lifeMark(at: number, days: number, previous: boolean, expires: boolean): StringChange {
  const { day, cell } = placeOf(at, MINUTE);
  const mark = (index: number): FieldChange => ({ act: 'set', index, value: 1 });
  return {
    string: { series: 'a', of: '', day },
    bits: 1,
    fields: previous && cell > 0 ? [mark(cell - 1), mark(cell)] : [mark(cell)],
    ...(expires ? { expireIn: expiryOf(at, days) } : {}),
  };
}
