// A worker whose handler blocks the event loop for as long as its payload says; it tells of each run, and closes when told.
import 'reflect-metadata';
import { once } from 'node:events';
import { Module } from '@nestjs/common';
import { defineJob, ProcessJob, ScalrQueueModule } from 'scalr-queue';
import { runWorker } from 'scalr-queue/worker';

const [redis, app] = process.argv.slice(2);
const Block = defineJob('block', { retry: { attempts: 5, delay: 50 } });

class Blocks {
  block({ ms, fails = false }, ctx) {
    process.send({ ran: ctx.id, attempt: ctx.attempt });
    const end = performance.now() + ms;
    while (performance.now() < end);
    if (fails) throw new Error('after all that');
    return process.pid;
  }
}
ProcessJob(Block)(Blocks.prototype, 'block', Object.getOwnPropertyDescriptor(Blocks.prototype, 'block'));

class Root {}
const settings = { lockDuration: 1_000, stalledInterval: 200, maxCrashes: 3 };
Module({ imports: [ScalrQueueModule.forRoot({ app, redis, worker: settings })], providers: [Blocks] })(Root);

const worker = await runWorker(Root, {
  port: 0,
  signals: false,
  shutdownTimeout: 300,
  logger: ['warn', 'error'],
});
process.send('ready');
await once(process, 'message');
await worker.close();
process.disconnect();
