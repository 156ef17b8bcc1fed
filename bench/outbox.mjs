// @ts-check
import { fileURLToPath } from 'node:url';
import { measureIn } from './run-side.mjs';
import { freshPostgres, inRedis } from './stores.mjs';

const script = fileURLToPath(new URL('outbox/process.mjs', import.meta.url));

/** Whose jobs commit with other writes. */
export const outboxSides = [
  { id: 'plain', title: 'an INSERT and no queue', works: false },
  { id: 'scalr-queue', title: 'scalr-queue', works: true },
  { id: 'scalr-queue-silent', title: 'scalr-queue, notify: false', works: true },
  { id: 'pg-boss', title: 'pg-boss', works: true },
  { id: 'graphile-worker', title: 'graphile-worker', works: true },
];
export const plainRows = /** @type {const} */ (['enqueue-1', 'enqueue-100']);

/**
 * @typedef {object} OutboxResults   by side, of each round
 * @property {Record<string, (number | undefined)[]>} commits       transactions a second
 * @property {Record<string, { p50: number, p99: number }[]>} pickup
 * @property {number[]} relay                                       rows a second
 * @property {Record<string, Record<'with' | 'without', (number | undefined)[]>>} plain   enqueued a second, by row
 */

/** @returns {OutboxResults} */
export const noOutboxResults = () => ({ commits: {}, pickup: {}, relay: [], plain: {} });

/** @param {import('./measure-all.mjs').Run} run */
export async function measureOutbox({ results: { outbox }, attempts, budget, rounds, scale }) {
  /** @param {string} side @param {string} measure @param {string} title */
  const once = (side, measure, title) =>
    attempts.try(title, () =>
      inRedis(async (redis) => {
        const postgres = await freshPostgres();
        try {
          return await measureIn(script, [side, measure, redis.url, postgres.url, scale, redis.pid]);
        } finally {
          await postgres.stop();
        }
      }),
    );
  await budget.rounds(rounds, async (round) => {
    const inTurn = (/** @type {any[]} */ list) => (round % 2 === 0 ? list : list.toReversed());
    for (const { id, title } of inTurn(outboxSides)) {
      const figure = await once(id, 'commit', `transactions with a job of ${title}`);
      if (figure) (outbox.commits[id] ??= [])[round] = figure.perSecond;
    }
    for (const { id, title, works } of inTurn(outboxSides)) {
      const figure = works && (await once(id, 'pickup', `commit to start of ${title}`));
      if (figure) (outbox.pickup[id] ??= []).push(figure);
    }
    const relayed = await once('scalr-queue', 'relay', 'the relay of the outbox');
    if (relayed) outbox.relay.push(relayed.perSecond);
    for (const row of plainRows) {
      for (const how of inTurn(['with', 'without'])) {
        const figure = await once(how, row, `${row} ${how} an outbox`);
        if (figure)
          (outbox.plain[row] ??= { with: [], without: [] })[/** @type {'with'} */ (how)][round] =
            figure.perSecond;
      }
    }
  });
}
