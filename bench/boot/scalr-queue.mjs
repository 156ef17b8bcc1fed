// @ts-check
/** The smallest worker of ours; prints when it takes jobs. */
import { open } from '../sides/scalr-queue.worker.mjs';

await open(process.argv[2] ?? '', 10, () => undefined);
console.log('ready');
