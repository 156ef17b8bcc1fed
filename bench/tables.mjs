// @ts-check
import { each, median, ratioOf } from './median.mjs';
import { backlogs, booted, carefulSides, idlers, inCarefulTable, overNetwork, rows, sides } from './rows.mjs';
import { table, tenths, times, whole } from './table.mjs';

/**
 * @typedef {import('./measure-all.mjs').Results} Results
 * @typedef {import('./measure-all.mjs').Figures} Figures
 * @typedef {import('./rows.mjs').SideInfo} SideInfo
 */

/** Half the distance of the slowest and the fastest round, as a share of the median. @param {(number | undefined)[]} figures */
function spread(figures) {
  const known = figures.filter((it) => it !== undefined);
  return (Math.max(...known) - Math.min(...known)) / 2 / median(figures);
}

/** @param {Results} results @param {SideInfo[]} [of] */
const shownOf = (results, of = sides) => of.filter(({ id }) => results.sides.includes(id));

/** @param {Figures} figures @param {SideInfo[]} shown @param {string[]} ids of rows */
function rateTable(figures, shown, ids) {
  const lines = ids.map((id) => {
    const base = each(figures[id]?.['bullmq'], 'perSecond');
    const cells = shown.map((side) => {
      const own = each(figures[id]?.[side.id], 'perSecond');
      if (own.length === 0) return '';
      return `${whole(median(own))} ±${Math.round(spread(own) * 100)} % (${times(ratioOf(own, base))})`;
    });
    return [titleOf(id), ...cells];
  });
  return table(['jobs per second', ...shown.map(({ title }) => title)], lines);
}

/** @param {Figures} figures @param {SideInfo[]} shown @param {string[]} ids of rows */
function cpuTable(figures, shown, ids) {
  const lines = ids.map((id) => [
    titleOf(id),
    ...shown.map((side) => {
      const own = figures[id]?.[side.id];
      return own ? `${tenths(median(each(own, 'cpu')))} + ${tenths(median(each(own, 'store')))}` : '';
    }),
  ]);
  return table(['µs of CPU per job', ...shown.map(({ title }) => title)], lines);
}

/** @param {string} id */
const titleOf = (id) => rows.find((row) => row.id === id)?.title ?? id;
const rowIds = rows.map(({ id }) => id);

/** @param {Results} results */
export const throughput = (results) => rateTable(results.figures, shownOf(results), rowIds);
/** @param {Results} results */
export const cpu = (results) => cpuTable(results.figures, shownOf(results), rowIds);

/** @param {Results} results */
export function careful(results) {
  const shown = shownOf(results, [...sides, ...carefulSides]).filter(({ id }) => inCarefulTable.includes(id));
  return `${rateTable(results.figures, shown, rowIds)}\n\n${cpuTable(results.figures, shown, rowIds)}`;
}

/** @param {Results} results */
export function network(results) {
  const shown = shownOf(results).filter(({ id }) => overNetwork.some((row) => results.network[row]?.[id]));
  return rateTable(results.network, shown, overNetwork);
}

/** @param {Results} results */
export function pickup(results) {
  const shown = sides.filter(({ id }) => results.pickup[id]);
  const ms = (/** @type {'p50' | 'p99'} */ of) =>
    shown.map(({ id }) => `${times(median(results.pickup[id]?.map((it) => it[of])))} ms`);
  return table(
    ['', ...shown.map(({ title }) => title)],
    [
      ['p50', ...ms('p50')],
      ['p99', ...ms('p99')],
    ],
  );
}

/** @param {Results} results */
export function boot(results) {
  const shown = booted.filter((id) => results.boot[id]);
  const of = (/** @type {'ms' | 'cpu' | 'rss'} */ what, /** @type {string} */ unit) =>
    shown.map((id) => `${whole(median(results.boot[id]?.map((it) => it[what])))} ${unit}`);
  return table(
    ['worker that takes jobs', ...shown.map(nameOf)],
    [
      ['CPU until then', ...of('cpu', 'ms')],
      ['time until then', ...of('ms', 'ms')],
      ['memory then', ...of('rss', 'MB')],
    ],
  );
}

/** @param {Results} results */
export function idle(results) {
  const shown = idlers.filter((id) => results.idle[id]);
  const of = (/** @type {'cpu' | 'redis' | 'commands' | 'rss'} */ what, unit = '') =>
    shown.map((id) => `${whole(results.idle[id]?.[what] ?? NaN)}${unit}`);
  return table(
    ['per 1,000 idle seconds', ...shown.map(nameOf)],
    [
      ['CPU of the worker', ...of('cpu', ' ms')],
      ['CPU of Redis', ...of('redis', ' ms')],
      ['commands', ...of('commands')],
      ['memory of the worker then', ...of('rss', ' MB')],
    ],
  );
}

/** @param {string} id */
const nameOf = (id) =>
  id === 'template' ? 'the template, bundled' : (sides.find((side) => side.id === id)?.title ?? id);

/** @param {Results} results */
export function bytes(results) {
  const shown = sides.filter(({ id }) => results.bytes[id]);
  const of = (/** @type {'waiting' | 'completed'} */ state) =>
    shown.map(({ id }) => whole(results.bytes[id]?.[state] ?? NaN));
  return table(
    ['bytes of Redis per job', ...shown.map(({ title }) => title)],
    [
      ['that waits', ...of('waiting')],
      ['that is kept as completed', ...of('completed')],
    ],
  );
}

/** @param {Results} results */
export function long(results) {
  const shown = sides.filter(({ id }) => results.backlogs['waiting']?.deep['enqueue-100']?.[id]);
  const lines = backlogs.flatMap(({ kind, rows: measured }) =>
    measured.map(({ id: row, title }) => {
      const { deep, none } = results.backlogs[kind] ?? { deep: {}, none: {} };
      const cells = shown.map(({ id }) => {
        const [with_, without] = [deep, none].map((it) => each(it[row]?.[id], 'perSecond'));
        return `${whole(median(with_))} (${times(ratioOf(with_, without))} of that with none)`;
      });
      return [`${whole(results.backlog ?? NaN)} ${kind}: ${title}`, ...cells];
    }),
  );
  return table(['', ...shown.map(({ title }) => title)], lines);
}
