// @ts-check
import { PgBoss } from 'pg-boss';

/** @param {import('./side.d.mts').Stores} stores @returns {Promise<import('./side.d.mts').OutboxSide>} */
export async function open({ postgres }) {
  const boss = new PgBoss({ connectionString: postgres, max: 5 });
  boss.on('error', (error) => console.error(error));
  await boss.start();
  await boss.createQueue('bench', { retryLimit: 4, retryDelay: 1, retryBackoff: true });
  return {
    enqueue: (tx, payload) =>
      boss.send('bench', payload, {
        db: { executeSql: (text, values) => tx.query(text, /** @type {unknown[]} */ (values)) },
      }),
    // Its shortest interval of polling.
    work: (onJob) =>
      boss.work('bench', { batchSize: 10, pollingIntervalSeconds: 0.5 }, async (jobs) => {
        for (const { data } of jobs) onJob(/** @type {{ number: number }} */ (data).number);
      }),
  };
}
