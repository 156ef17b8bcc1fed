// @ts-check
/** The smallest worker of @nestjs/bullmq; prints when it takes jobs. */
import { openWorker } from '../sides/nestjs-bullmq.worker.mjs';

await openWorker(process.argv[2] ?? '', 10, () => undefined);
console.log('ready');
