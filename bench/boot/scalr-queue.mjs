// @ts-check
/** The smallest worker of ours; prints when it takes jobs. */
import { openWorker } from '../sides/scalr-queue.worker.mjs';

await openWorker(process.argv[2] ?? '', 10, () => undefined);
console.log('ready');
