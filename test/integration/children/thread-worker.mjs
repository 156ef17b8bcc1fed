// A worker whose jobs run in threads. When told so it closes; nothing but that ends the process.
import 'reflect-metadata';
import { once } from 'node:events';
import { Module } from '@nestjs/common';
import { defineJob, ProcessJob, ScalrQueueModule } from 'scalr-queue';
import { runWorker } from 'scalr-queue/worker';

const [redis, app] = process.argv.slice(2);
const Act = defineJob('act');

class Acts {
  act() {}
}
const thread = new URL('../threads/act.mjs', import.meta.url);
ProcessJob(Act, { thread })(Acts.prototype, 'act', Object.getOwnPropertyDescriptor(Acts.prototype, 'act'));

class Root {}
Module({ imports: [ScalrQueueModule.forRoot({ app, redis })], providers: [Acts] })(Root);

const worker = await runWorker(Root, { port: 0, signals: false, shutdownTimeout: 300, logger: false });
process.send('ready');
await once(process, 'message');
await worker.close();
process.send('closed');
process.disconnect();
