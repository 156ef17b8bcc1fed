import { Inject, Injectable } from '@nestjs/common';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import { ENQUEUE_DEADLINE } from '../contract/defaults.js';
import { InvalidOptionError } from '../contract/errors/configuration.errors.js';
import { QueueUnavailableError } from '../contract/errors/enqueue.errors.js';
import type { History, HistoryQuery, HistoryRange } from '../contract/history.js';
import type { DeployedVersion } from '../contract/worker-info.js';
import { OptionChecker } from '../contract/option-checker.js';
import { withDeadline } from '../engine/deadline.js';
import { QueueEngine } from '../engine/queue.engine.js';
import { HistoryCells } from './history.cells.js';
import { readCells, type Span } from './history.reader.js';
import { COARSE, DAY, MINUTE } from './layout.js';

const HOUR = 60 * MINUTE;
/** Of each range its length and the length of a cell. */
const RANGES: Readonly<Record<HistoryRange, readonly [length: number, step: number]>> = {
  '1h': [HOUR, MINUTE],
  '6h': [6 * HOUR, MINUTE],
  '24h': [DAY, 2 * MINUTE],
  '14d': [14 * DAY, 30 * MINUTE],
};
/** The ranges there are. */
export const HISTORY_RANGES = Object.keys(RANGES) as HistoryRange[];
/** Those of ten minutes in fourteen days. */
const MAX_CELLS = 2_016;
/** What a kind of job or a queue of other code can be called is longer than what we take. */
const MAX_NAME = 400;

const check = new OptionChecker(InvalidOptionError);

/** What the workers of the app did in the last hours and days, by kind and queue: without a Prometheus, for a chart or a look. */
@Injectable()
export class HistoryService {
  /** @internal */
  constructor(
    private readonly engine: QueueEngine,
    @Inject(RESOLVED_OPTIONS) private readonly app: Pick<ResolvedOptions, 'clock'>,
  ) {}

  /**
   * Counts of the app, of a kind of job or of a queue. What a worker did is there within five seconds, and ten minutes after the end of a worker that
   * was killed. A gap, null, is a time in which no worker wrote.
   *
   * @throws InvalidOptionError; QueueUnavailableError within 1.1 s when Redis does not answer
   */
  async read(query: HistoryQuery = {}): Promise<History> {
    return historyOf(query, [this], this.app.clock.now());
  }

  /**
   * What is added up.
   * @internal
   */
  look(span: Span): Promise<[HistoryCells, DeployedVersion[]]> {
    return this.bounded(() => Promise.all([readCells(this.engine, span), this.engine.workers.versions()]));
  }

  private async bounded<T>(read: () => Promise<T>): Promise<T> {
    await this.engine.usable('read');
    const late = () => new QueueUnavailableError(`Redis did not answer within ${ENQUEUE_DEADLINE} ms`);
    return withDeadline(read(), ENQUEUE_DEADLINE + 50, late).catch(async (error: unknown) => {
      throw await this.engine.readError(error);
    });
  }
}

/** What of the history of an app is added up. */
interface HistorySource {
  look(span: Span): Promise<[HistoryCells, DeployedVersion[]]>;
}

/** The history of one app, or of several added up, as of `now`. @throws as {@link HistoryService.read} */
export async function historyOf(
  query: HistoryQuery,
  services: readonly HistorySource[],
  now: number,
): Promise<History> {
  const span = spanOf(query, now);
  const { t0, step, end } = span;
  const sum = new HistoryCells(t0, step, end);
  const deploys: DeployedVersion[] = [];
  // One after the other: a look is in no hurry, and shares Redis with the apps.
  for (const service of services) {
    const [cells, versions] = await service.look(span);
    sum.add(cells);
    deploys.push(...versions.filter(({ firstSeenAt }) => +firstSeenAt >= t0));
  }
  return {
    t0,
    step,
    asOf: now,
    series: sum.columns(span.kind === undefined),
    deploys: deploys.toSorted((one, other) => +other.firstSeenAt - +one.firstSeenAt),
  };
}

function spanOf(query: HistoryQuery, now: number): Span {
  const given = check.object('the options of read', query, ['range', 'step', 'kind', 'queue']);
  const range = given.range === undefined ? '6h' : check.oneOf('range', given.range, HISTORY_RANGES);
  const [length, usual] = RANGES[range];
  const step = given.step === undefined ? usual : stepOf(given.step, range, length);
  const text = (field: 'kind' | 'queue') => {
    const value = given[field];
    if (value === undefined) return undefined;
    const isName = typeof value === 'string' && value !== '' && value.length <= MAX_NAME;
    return isName ? value : check.fail(field, `a name of 1 to ${MAX_NAME} characters`, value);
  };
  const end = (Math.floor(now / step) + 1) * step;
  return { t0: end - Math.ceil(length / step) * step, end, step, kind: text('kind'), queue: text('queue') };
}

function stepOf(given: unknown, range: HistoryRange, length: number): number {
  const step = check.duration('step', given, MINUTE, length);
  const unit = range === '14d' ? COARSE.step : MINUTE;
  if (step % unit !== 0 || length / step > MAX_CELLS)
    check.fail(
      'step',
      `a multiple of ${unit / MINUTE} min with at most ${MAX_CELLS} cells in ${range}`,
      given,
    );
  return step;
}
