// A worker that works off quick jobs one at a time, until one says that it kills its process.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { defineJob, ProcessJob, ScalrQueueModule } from 'scalr-queue';
import { runWorker } from 'scalr-queue/worker';

const [redis, app, concurrency] = process.argv.slice(2);
const Quick = defineJob('quick', { retry: false });

class Quicks {
  quick({ kills = false }) {
    if (kills) process.kill(process.pid, 'SIGKILL');
    // What comes after it would run before the signal is seen.
    if (kills) for (;;);
  }
}
ProcessJob(Quick)(Quicks.prototype, 'quick', Object.getOwnPropertyDescriptor(Quicks.prototype, 'quick'));

class Root {}
const worker = { lockDuration: 1_000, stalledInterval: 200, maxCrashes: 2 };
Module({ imports: [ScalrQueueModule.forRoot({ app, redis, worker })], providers: [Quicks] })(Root);
await runWorker(Root, { port: 0, signals: false, logger: false, concurrency: Number(concurrency) });
