// @ts-check
/** The smallest worker of bee-queue; prints when it takes jobs. */
import { openWorker } from '../sides/bee-queue.mjs';

await openWorker(process.argv[2] ?? '', 10, () => undefined);
console.log('ready');
