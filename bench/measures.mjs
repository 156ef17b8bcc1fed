// @ts-check
import { setTimeout as sleep } from 'node:timers/promises';
import { BATCH, payloadOf } from './payload.mjs';

/** @typedef {import('./sides/side.d.mts').Side} Side */

/** Jobs that warm a process up before it is measured, as a share of those that are: what counts is how it runs, not how it begins. */
const WARM_UP = 0.5;
/** A worker takes so many jobs until its code is compiled. */
const WARM_JOBS = 12_000;

/** What is measured of one side in one process; each returns jobs per second, or milliseconds for `pickup`. */
export const measures = {
  'enqueue-1': (/** @type {Side} */ side, scale = 1) => enqueueing(side, 1, 4_000 * scale),
  'enqueue-100': (/** @type {Side} */ side, scale = 1) => enqueueing(side, 100, 20_000 * scale),
  'enqueue-many': (/** @type {Side} */ side, scale = 1) => bulk(side, 20_000 * scale),
  'process-1': (/** @type {Side} */ side, scale = 1) => processing(side, 1, 4_000, scale),
  'process-10': (/** @type {Side} */ side, scale = 1) => processing(side, 10, 10_000, scale),
  'process-50': (/** @type {Side} */ side, scale = 1) => processing(side, 50, 10_000, scale),
  pickup: (/** @type {Side} */ side, scale = 1) => pickup(side, 200 * scale),
  /** Leaves so many jobs waiting. */
  fill: async (/** @type {Side} */ side, /** @type {number} */ count) => {
    for (let done = 0; done < count; done += BATCH) await side.enqueueMany(batchOf(BATCH));
  },
};

/** @param {Side} side @param {number} lanes @param {number} count */
async function enqueueing(side, lanes, count) {
  await inLanes(side, lanes, Math.max(lanes, count * WARM_UP));
  return perSecond(count, () => inLanes(side, lanes, count));
}

/** @param {Side} side @param {number} lanes @param {number} count */
async function inLanes(side, lanes, count) {
  let number = 0;
  const lane = async () => {
    while (number < count) await side.enqueue(payloadOf(number++));
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** @param {Side} side @param {number} count */
async function bulk(side, count) {
  for (let done = 0; done < count * WARM_UP; done += BATCH) await side.enqueueMany(batchOf(BATCH));
  return perSecond(count, async () => {
    for (let done = 0; done < count; done += BATCH) await side.enqueueMany(batchOf(BATCH));
  });
}

/** From the start of the first to the end of the last, without the boot. @param {Side} side @param {number} concurrency @param {number} jobs @param {number} scale */
async function processing(side, concurrency, jobs, scale) {
  const count = jobs * scale;
  const warm = WARM_JOBS * scale;
  const all = warm + count;
  for (let done = 0; done < all; done += BATCH) await side.enqueueMany(batchOf(Math.min(BATCH, all - done)));
  let [seen, began] = [0, 0];
  await new Promise((resolve, reject) => {
    const onJob = () => {
      seen++;
      if (seen === warm) began = performance.now();
      if (seen === all) resolve(undefined);
    };
    side.work(concurrency, onJob).catch(reject);
  });
  return (count * 1_000) / (performance.now() - began);
}

/** Milliseconds from the call of `enqueue` to the start of the handler, the worker being idle. @param {Side} side @param {number} count */
async function pickup(side, count) {
  /** @type {() => void} */
  let started = () => undefined;
  await side.work(10, () => started());
  const times = [];
  for (let number = -20; number < count; number++) {
    await sleep(15);
    const running = new Promise((resolve) => (started = () => resolve(performance.now())));
    const asked = performance.now();
    await side.enqueue(payloadOf(number));
    const at = /** @type {number} */ (await running);
    if (number >= 0) times.push(at - asked);
  }
  const sorted = times.toSorted((one, other) => one - other);
  return { p50: sorted[Math.floor(times.length * 0.5)], p99: sorted[Math.floor(times.length * 0.99)] };
}

/** @param {number} size */
const batchOf = (size) => Array.from({ length: size }, (_, number) => payloadOf(number));

/** @param {number} count @param {() => Promise<unknown>} work */
async function perSecond(count, work) {
  const began = performance.now();
  await work();
  return (count * 1_000) / (performance.now() - began);
}
