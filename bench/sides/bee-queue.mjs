// @ts-check
import BeeQueue from 'bee-queue';

/** @param {string} url @returns {Promise<import('./side.d.mts').Side>} */
export async function open(url) {
  const settings = { redis: { url }, removeOnSuccess: true, getEvents: false, sendEvents: false };
  const queue = new BeeQueue('bench', { ...settings, isWorker: false });
  await queue.ready();
  const jobOf = (/** @type {import('./side.d.mts').Payload} */ payload) =>
    queue.createJob(payload).retries(4);
  return {
    enqueue: (payload) => jobOf(payload).save(),
    enqueueMany: (payloads) => queue.saveAll(payloads.map(jobOf)),
    async work(concurrency, onJob) {
      const worker = new BeeQueue('bench', settings);
      await worker.ready();
      worker.process(concurrency, async (/** @type {{ data: { number: number } }} */ job) =>
        onJob(job.data.number),
      );
    },
  };
}
