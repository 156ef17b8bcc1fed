// @ts-check
import { Queue, Worker } from 'bullmq';
import { jobOptions, prefix, streams, workerOptions } from './bullmq-options.mjs';

/** @param {string} url @returns {Promise<import('./side.d.mts').Side>} */
export async function open(url) {
  const connection = { url };
  const queue = new Queue('bench', { connection, prefix, streams });
  await queue.waitUntilReady();
  return {
    enqueue: (payload, how) => queue.add('task', payload, { ...jobOptions(), ...how }),
    enqueueMany: (payloads, how) =>
      queue.addBulk(payloads.map((data) => ({ name: 'task', data, opts: { ...jobOptions(), ...how } }))),
    async work(concurrency, onJob) {
      const options = { connection, prefix, ...workerOptions(concurrency) };
      const worker = new Worker('bench', async ({ data }) => onJob(data.number), options);
      worker.on('error', (error) => console.error(error));
      await worker.waitUntilReady();
    },
  };
}
