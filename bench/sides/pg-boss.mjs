// @ts-check
import { PgBoss } from 'pg-boss';

/** Its fastest: a hundred jobs are taken and ended as one, whatever the concurrency is. */
const FAST = (/** @type {number} */ concurrency) => Math.max(100, concurrency);

/** @param {string} connectionString @param {(concurrency: number) => number} [batchOf] @returns {Promise<import('./side.d.mts').Side>} */
export async function open(connectionString, batchOf = FAST) {
  const boss = new PgBoss({ connectionString, max: 20 });
  boss.on('error', (error) => console.error(error));
  await boss.start();
  await boss.createQueue('bench', { retryLimit: 4, retryDelay: 1, retryBackoff: true });
  return {
    enqueue: (payload) => boss.send('bench', payload),
    enqueueMany: (payloads) =>
      boss.insert(
        'bench',
        payloads.map((data) => ({ data })),
      ),
    // Its shortest interval of polling, and no polling at all while there is plenty to do.
    work: (concurrency, onJob) =>
      boss.work(
        'bench',
        { batchSize: batchOf(concurrency), burstWhenBatchFull: true, pollingIntervalSeconds: 0.5 },
        async (jobs) => {
          for (const { data } of jobs) onJob(/** @type {{ number: number }} */ (data).number);
        },
      ),
  };
}
