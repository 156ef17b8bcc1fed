// @ts-check
import { median, ratioOf } from './median.mjs';
import { rows, targets, withBacklog } from './rows.mjs';
import { times } from './table.mjs';

/** @typedef {import('./measure-all.mjs').Results} Results */

/** Each target with what was measured. @param {Results} results */
export function verdicts(results) {
  const list = rows.map(({ id, title, target = 0 }) => {
    const { 'scalr-queue': own, bullmq: plain } = results.perSecond[id] ?? {};
    const ratio = ratioOf(own, plain);
    return { what: title, wanted: `at least ${target} of BullMQ`, got: times(ratio), met: ratio >= target };
  });
  /** @param {string} what @param {string} wanted @param {number} got @param {boolean} met @param {string} [unit] */
  const add = (what, wanted, got, met, unit = '') =>
    list.push({ what, wanted, got: `${times(got)}${unit}`, met });
  const p99 = median(results.pickup['scalr-queue']?.map((it) => it.p99));
  add(
    'pickup by an idle worker, p99',
    `at most ${targets.pickupP99} ms`,
    p99,
    p99 <= targets.pickupP99,
    ' ms',
  );
  const ready = median(results.boot['scalr-queue']?.map(({ ms }) => ms));
  add('worker ready', `within ${targets.readyWithin} ms`, ready, ready <= targets.readyWithin, ' ms');
  const { 'scalr-queue': ours, bullmq: plain } = results.bytes;
  if (ours && plain) {
    for (const state of /** @type {const} */ (['waiting', 'completed'])) {
      const ratio = ours[state] / plain[state];
      add(
        `bytes of Redis per ${state} job`,
        `at most ${targets.bytes} of BullMQ`,
        ratio,
        ratio <= targets.bytes,
      );
    }
  }
  for (const row of withBacklog) {
    const ratio = ratioOf(results.backlog[row]?.['scalr-queue'], results.perSecond[row]?.['scalr-queue']);
    if (Number.isNaN(ratio)) continue;
    const title = rows.find(({ id }) => id === row)?.title;
    add(
      `${title}, with 1,000,000 waiting`,
      `at least ${targets.backlog} of that with none`,
      ratio,
      ratio >= targets.backlog,
    );
  }
  if (results.scrape !== undefined)
    add(
      'scrape of the metrics, with 1,000,000 jobs',
      `at most ${targets.scrape} of that with none`,
      results.scrape,
      results.scrape <= targets.scrape,
    );
  return list;
}
