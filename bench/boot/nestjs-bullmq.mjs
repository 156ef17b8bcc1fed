// @ts-check
/** The smallest worker of @nestjs/bullmq; prints when it takes jobs. */
import { open } from '../sides/nestjs-bullmq.mjs';

const side = await open(process.argv[2] ?? '');
await side.work(10, () => undefined);
console.log('ready');
