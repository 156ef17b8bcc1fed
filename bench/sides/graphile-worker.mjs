// @ts-check
import { Logger, makeWorkerUtils, run } from 'graphile-worker';

const logger = new Logger(() => () => undefined);

/** @param {string} connectionString @returns {Promise<import('./side.d.mts').Side>} */
export async function open(connectionString) {
  const utils = await makeWorkerUtils({ connectionString, logger, maxPoolSize: 20 });
  await utils.migrate();
  return {
    enqueue: (payload) => utils.addJob('task', payload, { maxAttempts: 5 }),
    enqueueMany: (payloads) =>
      utils.addJobs(payloads.map((payload) => ({ identifier: 'task', payload, maxAttempts: 5 }))),
    work: (concurrency, onJob) =>
      run({
        connectionString,
        logger,
        concurrency,
        noHandleSignals: true,
        maxPoolSize: concurrency + 2,
        taskList: { task: async (payload) => onJob(/** @type {{ number: number }} */ (payload).number) },
      }),
  };
}
