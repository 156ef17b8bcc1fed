// @ts-check
import { Logger, makeWorkerUtils, run } from 'graphile-worker';

const logger = new Logger(() => () => undefined);

/** By its function in SQL, as it is documented for transactions. @param {import('./side.d.mts').Stores} stores @returns {Promise<import('./side.d.mts').OutboxSide>} */
export async function open({ postgres: connectionString }) {
  const utils = await makeWorkerUtils({ connectionString, logger });
  await utils.migrate();
  return {
    enqueue: (tx, payload) =>
      tx.query("select graphile_worker.add_job('task', $1::json, max_attempts := 5)", [
        JSON.stringify(payload),
      ]),
    work: (onJob) =>
      run({
        connectionString,
        logger,
        concurrency: 10,
        noHandleSignals: true,
        taskList: { task: async (payload) => onJob(/** @type {{ number: number }} */ (payload).number) },
      }),
  };
}
