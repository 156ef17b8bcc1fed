// @ts-check
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { pythonVersionOf } from './python/python.mjs';
import { rows, sides, withBacklog } from './rows.mjs';
import { bootOf, runSide } from './run-side.mjs';
import { freshPostgres, freshRedis } from './stores.mjs';

/**
 * @typedef {object} Settings
 * @property {boolean} isQuick
 * @property {number} rounds
 * @property {string[]} [only]
 * @property {string[]} skip  of `backlog` and `scrape`, which fill Redis with a million jobs each
 *
 * @typedef {object} Results
 * @property {number} rounds
 * @property {string[]} sides
 * @property {Record<string, Record<string, number[]>>} perSecond   by row, by side
 * @property {Record<string, { p50: number, p99: number }[]>} pickup  by side
 * @property {Record<string, { ms: number, rss: number }[]>} boot     by side
 * @property {Record<string, { waiting: number, completed: number }>} bytes
 * @property {Record<string, Record<string, number[]>>} backlog     by row, by side
 * @property {number} [scrape]                                       cost with a million jobs over that with none
 * @property {string[]} failures
 */

/** The two whose memory and backlog are compared. */
const PAIR = ['scalr-queue', 'bullmq'];
const MANY = 1_000_000;

/** @param {Settings} settings @returns {Promise<Results>} */
export async function measureAll({ isQuick, rounds, only, skip }) {
  const chosen = sides
    .filter(({ id }) => (only ? only.includes(id) : !isQuick || PAIR.includes(id)))
    .filter(isPresent);
  /** @type {Results} */
  const results = {
    rounds, sides: chosen.map(({ id }) => id), perSecond: {}, pickup: {}, boot: {}, bytes: {}, backlog: {}, failures: [],
  }; // prettier-ignore
  const attempt = attempting(results);
  const measured = [...rows.map(({ id }) => id), 'pickup'];
  for (let round = 0; round < rounds; round++) {
    console.log(`round ${round + 1} of ${rounds}`);
    // Nobody is always the first.
    const order = round % 2 === 0 ? chosen : chosen.toReversed();
    for (const row of measured) {
      for (const side of order) {
        if (side.only && !side.only.test(row)) continue;
        const figure = await attempt(`${row} of ${side.title}`, () => once(side, row));
        if (figure === undefined) continue;
        if (row === 'pickup') (results.pickup[side.id] ??= []).push(figure);
        else ((results.perSecond[row] ??= {})[side.id] ??= []).push(figure);
      }
    }
    for (const side of ['scalr-queue', 'bullmq', 'nestjs-bullmq'].filter((id) =>
      results.sides.includes(id),
    )) {
      const boot = await attempt(`boot of ${side}`, () => inRedis((url) => bootOf(side, url)));
      if (boot) (results.boot[side] ??= []).push(boot);
    }
  }
  for (const side of PAIR) {
    const bytes = await attempt(`bytes of ${side}`, () => bytesOf(side));
    if (bytes) results.bytes[side] = bytes;
  }
  if (isQuick) return results;
  if (!skip.includes('backlog')) await attempt('a million jobs', () => measureBacklog(results, rounds));
  if (!skip.includes('scrape')) results.scrape = await attempt('scrape', scrape);
  return results;
}

/** @param {import('./rows.mjs').SideInfo} side */
function isPresent({ id, title, runtime }) {
  if (runtime !== 'python' || pythonVersionOf(id) !== undefined) return true;
  console.log(`${title} is left out: not on this machine`);
  return false;
}

/** One that fails is told of, and the others go on. @param {Results} results */
function attempting(results) {
  /** @template T @param {string} what @param {() => Promise<T>} measure @returns {Promise<T | undefined>} */
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

/** @param {import('./rows.mjs').SideInfo} side @param {string} row */
async function once(side, row) {
  const store = await (side.store === 'redis' ? freshRedis() : freshPostgres());
  try {
    // Slower by an order of magnitude, and as well measured with fewer jobs.
    return await runSide(side.id, row, store.url, side.store === 'redis' && !side.runtime ? 0.5 : 0.1);
  } finally {
    await store.stop();
  }
}

/** @template T @param {(url: string) => Promise<T>} work @returns {Promise<T>} */
async function inRedis(work) {
  const store = await freshRedis();
  try {
    return await work(store.url);
  } finally {
    await store.stop();
  }
}

/** Bytes of Redis per job that waits, and per one that is kept as completed. @param {string} side */
async function bytesOf(side) {
  const perJob = (/** @type {string} */ measure, /** @type {number} */ scale, /** @type {number} */ jobs) =>
    inRedis(async (url) => {
      const redis = new Redis(url);
      const used = async () => Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]);
      const before = await used();
      await runSide(side, measure, url, scale);
      const bytes = ((await used()) - before) / jobs;
      redis.disconnect();
      return bytes;
    });
  return { waiting: await perJob('fill', 10_000, 10_000), completed: await perJob('process-10', 0.1, 1_000) };
}

/** The same rows again, with a million jobs in the way. @param {Results} results @param {number} rounds */
async function measureBacklog(results, rounds) {
  const stores = new Map();
  try {
    for (const side of PAIR) {
      console.log(`a million jobs of ${side}`);
      stores.set(side, await freshRedis());
      await runSide(side, 'fill', stores.get(side).url, MANY);
    }
    for (let round = 0; round < rounds; round++) {
      for (const row of withBacklog) {
        for (const side of round % 2 === 0 ? PAIR : PAIR.toReversed()) {
          const figure = await runSide(side, row, stores.get(side).url, 0.5);
          ((results.backlog[row] ??= {})[side] ??= []).push(figure);
        }
      }
    }
  } finally {
    for (const store of stores.values()) await store.stop();
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
