// @ts-check
import { each, median, ratioOf } from './median.mjs';
import { plainRows } from './outbox.mjs';
import { backlogs, rows } from './rows.mjs';
import { times, whole } from './table.mjs';

/**
 * @typedef {import('./measure-all.mjs').Results} Results
 * @typedef {import('./measure-all.mjs').Figures} Figures
 * @typedef {{ what: string, wanted: string, got: string, met: boolean | undefined }} Verdict
 */

/** What a row is to reach, as times the rate of others. @type {Record<string, [side: string, name: string, times: number][]>} */
const RATES = {
  'enqueue-1': [['bullmq', 'BullMQ', 1.4]],
  'enqueue-100': [
    ['bullmq', 'BullMQ', 2.5],
    ['bee-queue', 'bee-queue', 1],
  ],
  'enqueue-many': [
    ['bullmq', 'BullMQ', 2.5],
    ['bee-queue', 'bee-queue', 1],
    ['pg-boss', 'pg-boss', 1],
    ['graphile-worker', 'graphile-worker', 1],
  ],
  'process-1': [
    ['bullmq', 'BullMQ', 3],
    ['bee-queue', 'bee-queue', 1],
    ['pg-boss', 'pg-boss', 1],
  ],
  'process-10': [
    ['bullmq', 'BullMQ', 1.8],
    ['bee-queue', 'bee-queue', 1],
  ],
  'process-50': [
    ['bullmq', 'BullMQ', 1.8],
    ['bee-queue', 'bee-queue', 1],
  ],
};
/** Over the slow network, times BullMQ. */
const NETWORK = ['process-10', 'process-50'];
const NETWORK_TIMES = 2.5;
const NODE_MICROSECONDS = 28;
const REDIS_MICROSECONDS = 35;
const REDIS_IN_AND_OUT = 50;
const BACKLOG = 0.95;
const BACKLOG_JOBS = 1_200_000;
const COMMIT_TO_START = { p50: 5, p99: 25 };
const RELAY = 10_000;
/** What a run on a shared machine cannot tell from none. */
const SAME = 0.95;
const SCRAPE = 1.2;

/** Each target with what was measured; `met` is undefined where that failed or was left out. @param {Results} results @returns {Verdict[]} */
export function verdicts(results) {
  /** @type {Verdict[]} */
  const list = [];
  /** @param {string} what @param {number} got @param {number} limit @param {(figure: number) => string} wanted */
  const atLeast = (what, got, limit, wanted) =>
    list.push({
      what,
      wanted: wanted(limit),
      got: times(got),
      met: Number.isNaN(got) ? undefined : got >= limit,
    });
  /** @param {string} what @param {number} got @param {number} limit @param {string} of @param {(figure: number) => string} [show] */
  const atMost = (what, got, limit, of, show = times) =>
    list.push({
      what, wanted: `at most ${limit} ${of}`, got: show(got), met: Number.isNaN(got) ? undefined : got <= limit,
    }); // prettier-ignore

  for (const { id, title } of rows) {
    for (const [side, name, limit] of RATES[id] ?? [])
      atLeast(title, rateOver(results.figures, id, side), limit, (it) => `at least ${it} × ${name}`);
  }
  for (const id of ['process-10', 'process-50']) {
    const { title } = /** @type {import('./rows.mjs').Row} */ (rows.find((row) => row.id === id));
    atMost(`${title}: CPU of Node`, ours(results, id, 'cpu'), NODE_MICROSECONDS, 'µs per job');
    atMost(`${title}: CPU of Redis`, ours(results, id, 'store'), REDIS_MICROSECONDS, 'µs per job');
  }
  const inAndOut = ours(results, 'enqueue-100', 'store') + ours(results, 'process-50', 'store');
  atMost('CPU of Redis, in (100 at once) and out (50)', inAndOut, REDIS_IN_AND_OUT, 'µs per job');
  for (const id of NETWORK) {
    const what = `${rows.find((row) => row.id === id)?.title}, 1 ms away`;
    atLeast(what, rateOver(results.network, id, 'bullmq'), NETWORK_TIMES, (it) => `at least ${it} × BullMQ`);
  }
  for (const of of /** @type {const} */ (['p50', 'p99'])) {
    const [own, plain] = ['scalr-queue', 'bullmq'].map((id) => results.pickup[id]?.map((it) => it[of]));
    atMost(`pickup ${of}`, ratioOf(own, plain), 1, '× BullMQ');
  }
  const bootOver = (
    /** @type {string} */ side,
    /** @type {string} */ base,
    of = /** @type {'cpu' | 'rss'} */ ('cpu'),
  ) =>
    ratioOf(
      results.boot[side]?.map((it) => it[of]),
      results.boot[base]?.map((it) => it[of]),
    );
  atMost('CPU of the boot, library', bootOver('scalr-queue', 'nestjs-bullmq'), 1.1, '× @nestjs/bullmq');
  atMost('CPU of the boot, template bundled', bootOver('template', 'bullmq'), 1.25, '× BullMQ');
  const idle = (results.idle['scalr-queue']?.rss ?? NaN) / (results.idle['nestjs-bullmq']?.rss ?? NaN);
  atMost('memory of an idle worker', idle, 1.15, '× @nestjs/bullmq');
  const { 'scalr-queue': own, bullmq: plain } = results.bytes;
  const share = (/** @type {'waiting' | 'completed'} */ of) => (own?.[of] ?? NaN) / (plain?.[of] ?? NaN);
  atMost('bytes of Redis per waiting job', share('waiting'), 0.5, '× BullMQ');
  atMost('bytes of Redis per completed job', share('completed'), 0.55, '× BullMQ');
  for (const { kind, rows: measured } of backlogs) {
    const { deep, none } = results.backlogs[kind] ?? { deep: {}, none: {} };
    for (const { id, title } of measured) {
      const rates = [deep, none].map((it) => each(it[id]?.['scalr-queue'], 'perSecond'));
      const what = `${title}, with ${whole(results.backlog ?? BACKLOG_JOBS)} ${kind}`;
      atLeast(what, ratioOf(...rates), BACKLOG, (it) => `at least ${it} of that with none`);
    }
  }
  atMost('scrape of the metrics, with 1,000,000 jobs', results.scrape ?? NaN, SCRAPE, 'of that with none');
  const { pickup, plain: enqueued } = results.outbox;
  for (const of of /** @type {const} */ (['p50', 'p99'])) {
    const ms = median(pickup['scalr-queue']?.map((it) => it[of]));
    atMost(`commit to start of the handler, ${of}`, ms, COMMIT_TO_START[of], 'ms');
  }
  const rate = relayed(results);
  const met = Number.isNaN(rate) ? undefined : rate >= RELAY;
  list.push({
    what: 'relay of the outbox',
    wanted: `at least ${whole(RELAY)} jobs a second`,
    got: whole(rate),
    met,
  });
  for (const id of plainRows) {
    const what = `${rows.find((row) => row.id === id)?.title}, with an outbox`;
    const ratio = ratioOf(enqueued[id]?.with, enqueued[id]?.without);
    atLeast(what, ratio, SAME, (it) => `at least ${it} of that without`);
  }
  return list;
}

/** Jobs a second. @param {Results} results */
export const relayed = (results) => median(results.outbox.relay);

/** @param {Figures} figures @param {string} row @param {string} base */
const rateOver = (figures, row, base) =>
  ratioOf(each(figures[row]?.['scalr-queue'], 'perSecond'), each(figures[row]?.[base], 'perSecond'));

/** @param {Results} results @param {string} row @param {'cpu' | 'store'} of */
const ours = (results, row, of) => median(each(results.figures[row]?.['scalr-queue'], of));
