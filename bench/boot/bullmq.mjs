// @ts-check
/** The smallest worker of the engine; prints when it takes jobs. */
import { Worker } from 'bullmq';
import { prefix, workerOptions } from '../sides/bullmq-options.mjs';

const worker = new Worker('bench', async () => undefined, {
  connection: { url: process.argv[2] },
  prefix,
  ...workerOptions(10),
});
await worker.waitUntilReady();
console.log('ready');
