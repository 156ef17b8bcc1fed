// @ts-check
import BeeQueue from 'bee-queue';

/** Its fastest: nothing is kept of a job that succeeded, and nobody hears of it. */
const FAST = { removeOnSuccess: true, getEvents: false, sendEvents: false };

/** @param {string} url @param {object} [settings] @returns {Promise<import('./side.d.mts').Side>} */
export async function open(url, settings = FAST) {
  const options = { redis: { url }, ...settings };
  const queue = new BeeQueue('bench', { ...options, isWorker: false });
  await queue.ready();
  const jobOf = (/** @type {import('./side.d.mts').Payload} */ payload) =>
    queue.createJob(payload).retries(4);
  return {
    enqueue: (payload) => jobOf(payload).save(),
    enqueueMany: (payloads) => queue.saveAll(payloads.map(jobOf)),
    work: (concurrency, onJob) => openWorker(url, concurrency, onJob, settings),
  };
}

/** @param {string} url @param {number} concurrency @param {(number: number) => void} onJob @param {object} [settings] */
export async function openWorker(url, concurrency, onJob, settings = FAST) {
  const worker = new BeeQueue('bench', { redis: { url }, ...settings });
  await worker.ready();
  worker.process(concurrency, async (/** @type {{ data: { number: number } }} */ job) =>
    onJob(job.data.number),
  );
}
