// A worker that takes a job and never ends it: the test kills it meanwhile.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { defineJob, ProcessJob, ScalrQueueModule } from 'scalr-queue';
import { runWorker } from 'scalr-queue/worker';

const [redis, app] = process.argv.slice(2);
const Crack = defineJob('crack', { retry: false, queue: 'second' });

class HangProcessor {
  run() {
    return new Promise(() => undefined);
  }
}
ProcessJob(Crack)(
  HangProcessor.prototype,
  'run',
  Object.getOwnPropertyDescriptor(HangProcessor.prototype, 'run'),
);

class Root {}
const worker = { lockDuration: 500, stalledInterval: 100, maxCrashes: 1 };
Module({ imports: [ScalrQueueModule.forRoot({ app, redis, worker })], providers: [HangProcessor] })(Root);

await runWorker(Root, { port: 0, logger: false });
