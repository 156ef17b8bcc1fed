// @ts-check
/** The smallest worker of ours, with a definition that has no schema, as the others have none; prints when it takes jobs. */
import { defineJob } from 'scalr-queue';
import { openWorker } from '../sides/scalr-queue.worker.mjs';

await openWorker(process.argv[2] ?? '', 10, () => undefined, defineJob('task', { queue: 'bench' }));
console.log('ready');
