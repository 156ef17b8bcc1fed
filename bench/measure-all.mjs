// @ts-check
import { fileURLToPath } from 'node:url';
import { measureBacklogs } from './backlogs.mjs';
import { Budget } from './budget.mjs';
import { measureOutbox, noOutboxResults } from './outbox.mjs';
import { bootOf, idleOf } from './boot.mjs';
import { bytesOf } from './bytes.mjs';
import { slowWayTo } from './proxy.mjs';
import { pythonVersionOf } from './python/python.mjs';
import { booted, carefulSides, idlers, MAIN, overNetwork, PAIR, rows, sides } from './rows.mjs';
import { measureIn, runSide } from './run-side.mjs';
import { freshPostgres, freshRedis, inRedis, stopPostgres } from './stores.mjs';

/**
 * @typedef {import('./measures.mjs').Figure} Figure
 * @typedef {import('./attempts.mjs').Attempts} Attempts
 * @typedef {import('./outbox.mjs').OutboxResults} OutboxResults
 * @typedef {{ side: string, perSecond: number, cpu: number, store: number }} SharedFigure
 * @typedef {Record<string, Record<string, (Figure | undefined)[]>>} Figures   by row, by side, by round
 *
 * @typedef {object} Settings
 * @property {number} minutes     that all may take
 * @property {number} rounds      at the most
 * @property {number} scale       of how much is measured; below 1 to try the benchmark itself
 * @property {string[]} ids       of sides
 * @property {string[]} skip      of the phases below
 * @property {number} backlog     jobs in the way
 * @property {number} idleSeconds
 *
 * @typedef {object} Run   what each phase works with
 * @property {Results} results
 * @property {Attempts} attempts
 * @property {Budget} budget
 * @property {number} rounds
 * @property {number} scale
 *
 * @typedef {object} Results
 * @property {string[]} sides
 * @property {Figures} figures
 * @property {Figures} network        over a slow one
 * @property {number} [roundTrip]     milliseconds that a PING takes on it
 * @property {Record<string, { p50: number, p99: number }[]>} pickup             by side
 * @property {Record<string, import('./boot.mjs').Boot[]>} boot                  by side
 * @property {Record<string, import('./boot.mjs').Idle>} idle                    by side
 * @property {Record<string, { waiting: number, completed: number }>} bytes      by side
 * @property {Record<string, { deep: Figures, none: Figures }>} backlogs         by kind
 * @property {number} [backlog]       jobs in the way
 * @property {number} [scrape]        cost with a million jobs over that with none
 * @property {OutboxResults} outbox
 * @property {SharedFigure[]} shared   limiters and locks
 * @property {number} minutes
 * @property {string[]} failures
 */

/** Rounds of what takes long and is not compared to a few per cent. */
const FEW_ROUNDS = 3;
const NETWORK_MS = 1;
const SCRAPE_PATIENCE = 180_000;
/** Of the limiters, by side. */
const SHARED_CALLS = 10_000;

/** Of all sides, those that are on this machine. @param {{ isQuick: boolean, only: string[] | undefined }} choice */
export const chosenSides = ({ isQuick, only }) =>
  [...sides, ...carefulSides]
    .filter(({ id }) => (only ? only.includes(id) : !isQuick || PAIR.includes(id)))
    .filter(isPresent)
    .map(({ id }) => id);

/** @param {Pick<Settings, 'ids' | 'minutes'>} settings @returns {Results} */
export const noResults = ({ ids, minutes }) => ({
  minutes, sides: ids, figures: {}, network: {}, pickup: {}, boot: {}, idle: {}, bytes: {}, backlogs: {}, outbox: noOutboxResults(),
  shared: [], failures: [],
}); // prettier-ignore

/** Fills `results`, which hold what there is whenever this ends. @param {Settings} settings @param {Results} results @param {Attempts} attempts */
export async function measureAll(
  { minutes, rounds, scale, ids, skip, backlog, idleSeconds },
  results,
  attempts,
) {
  const budget = new Budget(minutes, skip);
  const few = Math.min(rounds, FEW_ROUNDS);
  const run = { results, attempts, budget, rounds, scale };
  /** @type {Record<import('./budget.mjs').Phase, () => Promise<unknown>>} */
  const phases = {
    rows: () => measureRows(run, ids),
    outbox: () => measureOutbox({ ...run, rounds: few }),
    shared: async () => {
      const script = fileURLToPath(new URL('shared.mjs', import.meta.url));
      const calls = Math.max(500, SHARED_CALLS * scale);
      results.shared = (await attempts.try('limiters and locks', () => measureIn(script, [calls]))) ?? [];
    },
    network: () => measureNetwork({ ...run, rounds: few }),
    boot: () =>
      budget.rounds(rounds, async () => {
        for (const side of booted.filter((id) => id === 'template' || ids.includes(id))) {
          const boot = await attempts.try(`boot of ${side}`, () => inRedis((store) => bootOf(side, store)));
          if (boot) (results.boot[side] ??= []).push(boot);
        }
      }),
    // All at once: who idles is in nobody's way.
    idle: () =>
      Promise.all(
        idlers
          .filter((id) => ids.includes(id))
          .map(async (id) => {
            const measured = await attempts.try(`idle worker of ${id}`, () => idleOf(id, idleSeconds));
            if (measured) results.idle[id] = measured;
          }),
      ),
    bytes: async () => {
      for (const side of PAIR) {
        const bytes = await attempts.try(`bytes of ${side}`, () => bytesOf(side));
        if (bytes) results.bytes[side] = bytes;
      }
    },
    backlogs: () => measureBacklogs({ ...run, rounds: few }, backlog),
    scrape: async () => {
      const script = fileURLToPath(new URL('scrape.mjs', import.meta.url));
      const jobs = Math.max(1_000, 1_000_000 * scale);
      results.scrape = await attempts.try('scrape', () => measureIn(script, [jobs], SCRAPE_PATIENCE));
    },
  };
  for (const [phase, measure] of Object.entries(phases)) {
    if (skip.includes(phase)) continue;
    const began = performance.now();
    console.log(`${phase}: about ${Math.round(budget.begin(phase))} s`);
    await attempts.try(`phase ${phase}`, measure);
    console.log(`${phase}: ${Math.round((performance.now() - began) / 1_000)} s`);
  }
  await attempts.try('end of PostgreSQL', stopPostgres);
}

/** @param {import('./rows.mjs').SideInfo} side */
function isPresent({ id, title, runtime }) {
  if (runtime !== 'python' || pythonVersionOf(id) !== undefined) return true;
  console.log(`${title} is left out: not on this machine`);
  return false;
}

/**
 * Rounds of all sides; when there is no time left for such a one, of those that others are compared with.
 *
 * @param {Run} run @param {string[]} ids
 */
async function measureRows({ results, attempts, budget, rounds, scale }, ids) {
  const chosen = [...sides, ...carefulSides].filter(({ id }) => ids.includes(id));
  /** What a round of a side takes at the most. @type {Map<string, number>} */
  const took = new Map();
  for (let round = 0; round < rounds; round++) {
    const fits = (/** @type {import('./rows.mjs').SideInfo[]} */ list) =>
      round === 0 || budget.fits(list.reduce((sum, { id }) => sum + (took.get(id) ?? 0), 0));
    const all = chosen.filter(({ rounds: most = rounds }) => round < most);
    const main = all.filter(({ id }) => MAIN.includes(id));
    const here = fits(all) ? all : main;
    if (here.length === 0 || !fits(here)) return;
    console.log(`round ${round + 1}, ${here.length} sides`);
    /** @type {Map<string, number>} */
    const spent = new Map();
    for (const row of [...rows.map(({ id }) => id), 'pickup']) {
      // Nobody is always the first.
      for (const side of round % 2 === 0 ? here : here.toReversed()) {
        if (side.only && !side.only.test(row)) continue;
        if (row === 'pickup' && round >= pickupRounds(side)) continue;
        const began = performance.now();
        const figure = await attempts.try(`${row} of ${side.title}`, () => once(side, row, scale));
        spent.set(side.id, (spent.get(side.id) ?? 0) + performance.now() - began);
        if (figure === undefined) continue;
        if (row === 'pickup') (results.pickup[side.id] ??= [])[round] = figure;
        else ((results.figures[row] ??= {})[side.id] ??= [])[round] = figure;
      }
    }
    for (const [id, ms] of spent) took.set(id, Math.max(ms, took.get(id) ?? 0));
  }
}

/** PostgreSQL is asked every so often, by pg-boss twice a second: more rounds tell nothing new. @param {import('./rows.mjs').SideInfo} side */
const pickupRounds = ({ id, store, runtime }) =>
  id.endsWith('-careful') ? 0 : store === 'postgres' || runtime ? 1 : FEW_ROUNDS;

/** @param {import('./rows.mjs').SideInfo} side @param {string} row @param {number} scale */
async function once(side, row, scale) {
  const store = await (side.store === 'redis' ? freshRedis() : freshPostgres());
  try {
    return await runSide(side.id, row, store, scale * scaleOf(side, row));
  } finally {
    await store.stop();
  }
}

/** @param {import('./rows.mjs').SideInfo} side @param {string} row */
function scaleOf({ id, store, runtime }, row) {
  // All have as many samples, but for that which takes half a second for each.
  if (row === 'pickup') return id === 'pg-boss' ? 0.1 : 1;
  // Slower by an order of magnitude, and as well measured with fewer jobs.
  return store === 'redis' && !runtime ? 0.5 : 0.1;
}

/** @param {Run} run */
async function measureNetwork({ results, attempts, budget, rounds, scale }) {
  const here = sides.filter(({ id }) => results.sides.includes(id) && MAIN.includes(id));
  await budget.rounds(rounds, async (round) => {
    for (const row of overNetwork) {
      for (const { id, title } of round % 2 === 0 ? here : here.toReversed()) {
        const measure = () =>
          inRedis(async (store) => {
            const way = await slowWayTo(store.url, NETWORK_MS);
            try {
              results.roundTrip ??= await way.roundTrip();
              return await runSide(id, row, store, scale * (row === 'process-1' ? 0.1 : 0.4), way.url);
            } finally {
              way.stop();
            }
          });
        const figure = await attempts.try(`${row} of ${title} over a network`, measure);
        if (figure) ((results.network[row] ??= {})[id] ??= [])[round] = figure;
      }
    }
  });
}
