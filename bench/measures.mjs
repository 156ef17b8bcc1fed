// @ts-check
import { setTimeout as sleep } from 'node:timers/promises';
import { BATCH, payloadOf } from './payload.mjs';

/**
 * @typedef {import('./sides/side.d.mts').Side} Side
 * @typedef {import('./sides/side.d.mts').How} How
 *
 * @typedef {object} Bench    what a measurement is done with
 * @property {Side} side
 * @property {Side} filler    puts jobs there before a worker is measured; the network between is never slow
 * @property {number} scale
 * @property {() => Promise<number>} storeCpu
 *
 * @typedef {object} Figure
 * @property {number} perSecond
 * @property {number} cpu     microseconds of the process per job
 * @property {number} store   those of Redis, or of PostgreSQL
 */

/** Jobs that warm a process up before it is measured, as a share of those that are: what counts is how it runs, not how it begins. */
const WARM_UP = 0.5;
/** A worker takes so many jobs until its code is compiled. */
const WARM_JOBS = 12_000;
const WARM_PICKUPS = 200;
const PICKUPS = 500;

const LATER = { delay: 86_400_000 };
const PRIORITIZED = { priority: 5 };

/** What is measured of one side in one process. */
export const measures = {
  'enqueue-1': (/** @type {Bench} */ bench) => enqueueing(bench, 1, 4_000),
  'enqueue-100': (/** @type {Bench} */ bench) => enqueueing(bench, 100, 20_000),
  'enqueue-100-delayed': (/** @type {Bench} */ bench) => enqueueing(bench, 100, 20_000, LATER),
  'enqueue-100-prioritized': (/** @type {Bench} */ bench) => enqueueing(bench, 100, 20_000, PRIORITIZED),
  'enqueue-many': (/** @type {Bench} */ bench) => bulk(bench, 20_000),
  'process-1': (/** @type {Bench} */ bench) => processing(bench, 1, 4_000),
  'process-10': (/** @type {Bench} */ bench) => processing(bench, 10, 10_000),
  'process-10-prioritized': (/** @type {Bench} */ bench) => processing(bench, 10, 10_000, PRIORITIZED),
  'process-50': (/** @type {Bench} */ bench) => processing(bench, 50, 10_000),
  pickup,
  /** Leaves so many jobs. */
  fill: (/** @type {Bench} */ { side, scale }) => fill(side, scale),
  'fill-delayed': (/** @type {Bench} */ { side, scale }) => fill(side, scale, LATER),
  'fill-prioritized': (/** @type {Bench} */ { side, scale }) => fill(side, scale, PRIORITIZED),
  /** Completes so many jobs. */
  complete: async (/** @type {Bench} */ { side, scale }) => {
    let left = Math.ceil(scale);
    await fill(side, left);
    await new Promise((resolve, reject) => {
      side.work(10, () => --left === 0 && resolve(undefined)).catch(reject);
    });
    // The last ones are about to be noted.
    await sleep(1_000);
  },
};

/** @param {Bench} bench @param {number} lanes @param {number} jobs @param {How} [how] */
async function enqueueing({ side, scale, storeCpu }, lanes, jobs, how) {
  const count = scaled(jobs, scale);
  await inLanes(side, lanes, Math.max(lanes, count * WARM_UP), how);
  return metered(count, storeCpu, () => inLanes(side, lanes, count, how));
}

/** @param {Side} side @param {number} lanes @param {number} count @param {How} [how] */
async function inLanes(side, lanes, count, how) {
  let number = 0;
  const lane = async () => {
    while (number < count) await side.enqueue(payloadOf(number++), how);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** @param {Bench} bench @param {number} jobs */
async function bulk({ side, scale, storeCpu }, jobs) {
  const count = scaled(jobs, scale);
  await fill(side, Math.ceil(count * WARM_UP));
  return metered(count, storeCpu, () => fill(side, count));
}

/** From the start of the first to the end of the last, without the boot. @param {Bench} bench @param {number} concurrency @param {number} jobs @param {How} [how] */
async function processing({ side, filler, scale, storeCpu }, concurrency, jobs, how) {
  const count = scaled(jobs, scale);
  const warm = scaled(WARM_JOBS, scale);
  const all = warm + count;
  await fill(filler, all, how);
  // The first answer comes late: the connection is made.
  await storeCpu();
  let seen = 0;
  /** @type {() => Promise<Figure>} */
  let end = () => Promise.reject(new Error('it has not begun'));
  return new Promise((resolve, reject) => {
    const onJob = () => {
      seen++;
      if (seen === warm) end = meter(count, storeCpu);
      if (seen === all) end().then(resolve, reject);
    };
    side.work(concurrency, onJob).catch(reject);
  });
}

/** Milliseconds from the call of `enqueue` to the start of the handler, the worker being idle. @param {Bench} bench */
async function pickup({ side, scale }) {
  const [warm, count] = [scaled(WARM_PICKUPS, scale), scaled(PICKUPS, scale)];
  /** @type {() => void} */
  let started = () => undefined;
  await side.work(10, () => started());
  const times = [];
  for (let number = -warm; number < count; number++) {
    await sleep(10);
    const running = new Promise((resolve) => (started = () => resolve(performance.now())));
    const asked = performance.now();
    await side.enqueue(payloadOf(number));
    const at = /** @type {number} */ (await running);
    if (number >= 0) times.push(at - asked);
  }
  const sorted = times.toSorted((one, other) => one - other);
  return { p50: sorted[Math.floor(times.length * 0.5)], p99: sorted[Math.floor(times.length * 0.99)] };
}

/** Whole jobs: of a fraction the last one would be waited for in vain. @param {number} jobs @param {number} scale */
const scaled = (jobs, scale) => Math.ceil(jobs * scale);

/** @param {Side} side @param {number} count @param {How} [how] */
async function fill(side, count, how) {
  for (let left = count; left > 0; left -= BATCH) await side.enqueueMany(batchOf(Math.min(BATCH, left)), how);
}

/** @param {number} size */
const batchOf = (size) => Array.from({ length: size }, (_, number) => payloadOf(number));

/** @param {number} count @param {() => Promise<number>} storeCpu @param {() => Promise<unknown>} work */
async function metered(count, storeCpu, work) {
  await storeCpu();
  const end = meter(count, storeCpu);
  await work();
  return end();
}

/** Starts to count; what it returns ends it. @param {number} count @param {() => Promise<number>} storeCpu @returns {() => Promise<Figure>} */
function meter(count, storeCpu) {
  const [storeBefore, cpuBefore, began] = [storeCpu(), process.cpuUsage(), performance.now()];
  return async () => {
    const [took, { user, system }] = [performance.now() - began, process.cpuUsage(cpuBefore)];
    const store = (await storeCpu()) - (await storeBefore);
    return { perSecond: (count * 1_000) / took, cpu: (user + system) / count, store: store / count };
  };
}
