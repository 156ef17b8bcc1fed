import type { HistoryString, StringSlice } from '../engine/history-strings.js';
import { ANY_NAME, type JobType } from '../engine/job-type.js';
import type { QueueEngine } from '../engine/queue.engine.js';
import { HistoryCells } from './history.cells.js';
import {
  COARSE,
  DAY,
  FINE,
  type Grain,
  KIND_BITS,
  KIND_FIELDS,
  MINUTE,
  numberAt,
  OLDEST,
  OTHER,
  placeOf,
  QUEUE_BITS,
  QUEUE_FIELDS,
  WAIT_BOUNDS,
} from './layout.js';

/** Kinds, and queues, that are added up. */
const MAX_SERIES = 1_000;
/** Strings that are read in one round trip. */
const SLICES = 250;

/** Of what history is read. */
export interface Span {
  readonly t0: number;
  readonly end: number;
  readonly step: number;
  readonly kind?: string | undefined;
  readonly queue?: string | undefined;
}

/** A slice of a string with the moment that it begins at. */
interface Part {
  readonly slice: StringSlice;
  readonly begin: number;
  readonly take: (bytes: Uint8Array, begin: number) => void;
}

/** Reads what the workers wrote and adds it up in the cells that are asked for. */
export async function readCells(
  engine: Pick<QueueEngine, 'history' | 'types'>,
  span: Span,
): Promise<HistoryCells> {
  const { t0, end, step, kind, queue } = span;
  const cells = new HistoryCells(t0, step, end);
  const grain = step % COARSE.step === 0 ? COARSE : FINE;
  const { kinds, queues } = seriesOf(await engine.types.entries(), kind, queue);
  const parts = [
    ...partsOf(span, { series: 'a', of: '' }, MINUTE, 1 / 8, (bytes, begin) => takeLife(cells, bytes, begin)),
    ...kinds.flatMap((of) =>
      partsOf(
        span,
        { series: grain.kinds, of },
        grain.step,
        (KIND_FIELDS.length * KIND_BITS) / 8,
        (bytes, begin) => takeKind(cells, grain, bytes, begin),
      ),
    ),
    ...queues.flatMap((of) =>
      partsOf(
        span,
        { series: grain.queues, of },
        grain.step,
        (QUEUE_FIELDS * QUEUE_BITS) / 8,
        (bytes, begin) => takeQueue(cells, grain, bytes, begin),
      ),
    ),
  ];
  for (let at = 0; at < parts.length; at += SLICES) {
    const some = parts.slice(at, at + SLICES);
    const found = await engine.history.read(some.map(({ slice }) => slice));
    for (const [index, { take, begin }] of some.entries()) take(found[index] ?? new Uint8Array(), begin);
  }
  return cells;
}

/** Which strings tell of it. A kind that moved to another queue counts for both. */
function seriesOf(
  types: readonly JobType[],
  kind?: string,
  queue?: string,
): { kinds: string[]; queues: string[] } {
  const names = types.filter(
    (type) => type.name !== ANY_NAME && (queue === undefined || type.queue === queue),
  );
  const kinds = kind === undefined ? names.map(({ name }) => name) : [kind];
  const all = queue === undefined ? types.map((type) => type.queue) : [queue];
  const few = (some: readonly string[]) => [...new Set(some)].slice(0, MAX_SERIES);
  return {
    kinds: few(kind === undefined && queue === undefined ? [OTHER, ...kinds] : kinds),
    queues: kind === undefined ? few(all) : [],
  };
}

/** The slices of a series, a string for each day. */
function partsOf(
  { t0, end }: Span,
  of: Pick<HistoryString, 'series' | 'of'>,
  step: number,
  bytesPerCell: number,
  take: Part['take'],
): Part[] {
  const parts: Part[] = [];
  for (let { day } = placeOf(t0, step); day * DAY < end; day++) {
    const first = Math.max(0, Math.floor((t0 - day * DAY) / step));
    const last = Math.min(DAY, end - day * DAY) / step;
    const from = Math.floor(first * bytesPerCell);
    const slice = { string: { ...of, day }, from, to: Math.ceil(last * bytesPerCell) };
    parts.push({ slice, begin: day * DAY + (from / bytesPerCell) * step, take });
  }
  return parts;
}

/** Calls for each cell that is there, with its place in the bytes. */
function eachOf(
  cells: HistoryCells,
  step: number,
  begin: number,
  count: number,
  take: (index: number, cell: number) => void,
) {
  for (let index = 0; index < count; index++) {
    const cell = cells.at(begin + index * step);
    if (cell >= 0 && cell < cells.count) take(index, cell);
  }
}

function takeLife(cells: HistoryCells, bytes: Uint8Array, begin: number): void {
  eachOf(cells, MINUTE, begin, bytes.length * 8, (index, cell) => {
    if (numberAt(bytes, 1, index)) cells.lived[cell] = 1;
  });
}

function takeKind(cells: HistoryCells, { step }: Grain, bytes: Uint8Array, begin: number): void {
  const count = Math.ceil((bytes.length * 8) / (KIND_FIELDS.length * KIND_BITS));
  eachOf(cells, step, begin, count, (index, cell) => {
    for (const [at, field] of KIND_FIELDS.entries())
      cells.kinds[field][cell]! += numberAt(bytes, KIND_BITS, index * KIND_FIELDS.length + at);
  });
}

function takeQueue(cells: HistoryCells, { step }: Grain, bytes: Uint8Array, begin: number): void {
  const count = Math.ceil((bytes.length * 8) / (QUEUE_FIELDS * QUEUE_BITS));
  eachOf(cells, step, begin, count, (index, cell) => {
    const first = index * QUEUE_FIELDS;
    for (let at = 0; at < WAIT_BOUNDS.length; at++)
      cells.waits[cell * WAIT_BOUNDS.length + at]! += numberAt(bytes, QUEUE_BITS, first + at);
    const seconds = numberAt(bytes, QUEUE_BITS, first + OLDEST);
    if (seconds > 0) cells.oldest[cell] = Math.max(cells.oldest[cell]!, (seconds - 1) * 1_000 + 1);
  });
}
