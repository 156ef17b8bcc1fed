// @ts-check
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { measureBacklogs } from './backlogs.mjs';
import { bootOf, idleOf } from './boot.mjs';
import { bytesOf } from './bytes.mjs';
import { slowWayTo } from './proxy.mjs';
import { pythonVersionOf } from './python/python.mjs';
import { booted, carefulSides, idlers, overNetwork, PAIR, rows, sides } from './rows.mjs';
import { runSide } from './run-side.mjs';
import { freshPostgres, freshRedis, inRedis, stopPostgres } from './stores.mjs';

/**
 * @typedef {import('./measures.mjs').Figure} Figure
 * @typedef {Record<string, Record<string, (Figure | undefined)[]>>} Figures   by row, by side, by round
 *
 * @typedef {object} Settings
 * @property {boolean} isQuick
 * @property {number} rounds
 * @property {string[]} [only]
 * @property {string[]} skip    of the phases below
 *
 * @typedef {object} Results
 * @property {number} rounds
 * @property {string[]} sides
 * @property {Figures} figures
 * @property {Figures} network        over a slow one
 * @property {number} [roundTrip]     milliseconds that a PING takes on it
 * @property {Record<string, { p50: number, p99: number }[]>} pickup             by side
 * @property {Record<string, import('./boot.mjs').Boot[]>} boot                  by side
 * @property {Record<string, import('./boot.mjs').Idle>} idle                    by side
 * @property {Record<string, { waiting: number, completed: number }>} bytes      by side
 * @property {Record<string, { deep: Figures, none: Figures }>} backlogs         by kind
 * @property {number} [scrape]        cost with a million jobs over that with none
 * @property {string[]} failures
 */

/** Rounds of what takes long and is not compared to a few per cent. */
const FEW_ROUNDS = 3;
const NETWORK_MS = 1;

/** @param {Settings} settings @returns {Promise<Results>} */
export async function measureAll({ isQuick, rounds, only, skip }) {
  const chosen = [...sides, ...carefulSides]
    .filter(({ id }) => (only ? only.includes(id) : !isQuick || PAIR.includes(id)))
    .filter(isPresent);
  const ids = chosen.map(({ id }) => id);
  /** @type {Results} */
  const results = {
    rounds, sides: ids, figures: {}, network: {}, pickup: {}, boot: {}, idle: {}, bytes: {}, backlogs: {}, failures: [],
  }; // prettier-ignore
  const attempt = attempting(results);
  const few = Math.min(rounds, FEW_ROUNDS);
  /** @type {Record<string, () => Promise<unknown>>} */
  const phases = {
    rows: () => measureRows(results, chosen, attempt),
    network: () => measureNetwork(results, few, attempt),
    boot: async () => {
      for (let round = 0; round < rounds; round++) {
        for (const side of booted.filter((id) => id === 'template' || ids.includes(id))) {
          const boot = await attempt(`boot of ${side}`, () => inRedis((store) => bootOf(side, store)));
          if (boot) (results.boot[side] ??= []).push(boot);
        }
      }
    },
    idle: async () => {
      const idling = idlers.filter((id) => ids.includes(id));
      const measured = await attempt('idle workers', () => idleOf(idling, isQuick ? 10 : 40));
      results.idle = measured ?? {};
    },
    bytes: async () => {
      for (const side of PAIR) {
        const bytes = await attempt(`bytes of ${side}`, () => bytesOf(side));
        if (bytes) results.bytes[side] = bytes;
      }
    },
    backlogs: () => attempt('backlogs', () => measureBacklogs(results, isQuick ? 120_000 : 1_200_000, few)),
    scrape: async () => {
      if (!isQuick) results.scrape = await attempt('scrape', scrape);
    },
  };
  for (const [phase, measure] of Object.entries(phases)) {
    if (skip.includes(phase)) continue;
    const began = performance.now();
    await measure();
    console.log(`${phase}: ${Math.round((performance.now() - began) / 1_000)} s`);
  }
  await stopPostgres();
  return results;
}

/** @param {import('./rows.mjs').SideInfo} side */
function isPresent({ id, title, runtime }) {
  if (runtime !== 'python' || pythonVersionOf(id) !== undefined) return true;
  console.log(`${title} is left out: not on this machine`);
  return false;
}

/** @typedef {<T>(what: string, measure: () => Promise<T>) => Promise<T | undefined>} Attempt */

/** One that fails is told of, and the others go on. @param {Results} results @returns {Attempt} */
function attempting(results) {
  return async (what, measure) => {
    try {
      return await measure();
    } catch (error) {
      const text = `${what}: ${/** @type {Error} */ (error).message}`;
      console.error(text);
      if (!results.failures.includes(text)) results.failures.push(text);
      return undefined;
    }
  };
}

/** @param {Results} results @param {import('./rows.mjs').SideInfo[]} chosen @param {Attempt} attempt */
async function measureRows(results, chosen, attempt) {
  for (let round = 0; round < results.rounds; round++) {
    console.log(`round ${round + 1} of ${results.rounds}`);
    const here = chosen.filter(({ rounds = results.rounds }) => round < rounds);
    for (const row of [...rows.map(({ id }) => id), 'pickup']) {
      // Nobody is always the first.
      for (const side of round % 2 === 0 ? here : here.toReversed()) {
        if (side.only && !side.only.test(row)) continue;
        if (row === 'pickup' && round >= pickupRounds(side)) continue;
        const figure = await attempt(`${row} of ${side.title}`, () => once(side, row));
        if (figure === undefined) continue;
        if (row === 'pickup') (results.pickup[side.id] ??= []).push(figure);
        else ((results.figures[row] ??= {})[side.id] ??= [])[round] = figure;
      }
    }
  }
}

/** PostgreSQL is asked every so often, by pg-boss twice a second: more rounds tell nothing new. @param {import('./rows.mjs').SideInfo} side */
const pickupRounds = ({ id, store }) => (id.endsWith('-careful') ? 0 : store === 'postgres' ? 1 : FEW_ROUNDS);

/** @param {import('./rows.mjs').SideInfo} side @param {string} row */
async function once(side, row) {
  const store = await (side.store === 'redis' ? freshRedis() : freshPostgres());
  try {
    return await runSide(side.id, row, store, scaleOf(side, row));
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

/** @param {Results} results @param {number} rounds @param {Attempt} attempt */
async function measureNetwork(results, rounds, attempt) {
  const here = sides.filter(({ id }) => results.sides.includes(id) && [...PAIR, 'bee-queue'].includes(id));
  for (let round = 0; round < rounds; round++) {
    for (const row of overNetwork) {
      for (const { id, title } of round % 2 === 0 ? here : here.toReversed()) {
        const measure = () =>
          inRedis(async (store) => {
            const way = await slowWayTo(store.url, NETWORK_MS);
            try {
              results.roundTrip ??= await way.roundTrip();
              return await runSide(id, row, store, row === 'process-1' ? 0.1 : 0.4, way.url);
            } finally {
              way.stop();
            }
          });
        const figure = await attempt(`${row} of ${title} over a network`, measure);
        if (figure) ((results.network[row] ??= {})[id] ??= [])[round] = figure;
      }
    }
  }
}

/** What a scrape costs with a million jobs, over what it costs with none. */
async function scrape() {
  const script = fileURLToPath(new URL('scrape.mjs', import.meta.url));
  const { stdout } = spawnSync(process.execPath, [script], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const times = /([\d.]+) times/.exec(stdout)?.[1];
  if (times === undefined) throw new Error('no figure');
  return Number(times);
}
