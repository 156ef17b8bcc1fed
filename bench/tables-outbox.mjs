// @ts-check
import { known, median, ratioOf } from './median.mjs';
import { outboxSides, plainRows } from './outbox.mjs';
import { rows } from './rows.mjs';
import { table, tenths, times, whole } from './table.mjs';

/** @typedef {import('./measure-all.mjs').Results} Results */

/** @param {Results} results */
export function outbox({ outbox: { commits, pickup } }) {
  const ms = (/** @type {string} */ id, /** @type {'p50' | 'p99'} */ of) =>
    pickup[id] ? `${tenths(median(pickup[id].map((it) => it[of])))} ms` : '';
  return table(
    ['', ...outboxSides.map(({ title }) => title)],
    [
      [
        'transactions a second (times the INSERT)',
        ...outboxSides.map(
          ({ id }) => `${whole(median(commits[id]))} (${times(ratioOf(commits[id], commits['plain']))})`,
        ),
      ],
      ['commit to start, p50', ...outboxSides.map(({ id }) => ms(id, 'p50'))],
      ['commit to start, p99', ...outboxSides.map(({ id }) => ms(id, 'p99'))],
    ],
  );
}

/** @param {Results} results */
export function plainEnqueue({ outbox: { plain } }) {
  return table(
    ['jobs per second', 'with an outbox', 'without', 'times'],
    plainRows.map((id) => {
      const { with: own, without } = plain[id] ?? { with: [], without: [] };
      const title = rows.find((row) => row.id === id)?.title ?? id;
      return [title, whole(median(own)), whole(median(without)), times(ratioOf(own, without))];
    }),
  );
}

/** @param {Results} results */
export const shared = (results) =>
  table(
    ['', 'calls per second', '\u00b5s of CPU of Node', 'of Redis'],
    known(results.shared).map(({ side, perSecond, cpu, store }) => [
      side,
      whole(perSecond),
      tenths(cpu),
      tenths(store),
    ]),
  );
