// A worker of another program under the same name of the app, with a schedule of its own. It lives until its parent ends it.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { defineJob, ProcessJob, ScalrQueueModule, Scheduled } from 'scalr-queue';
import { runWorker } from 'scalr-queue/worker';

const [redis, app] = process.argv.slice(2);
const Report = defineJob('report');

class Reports {
  run() {}
}
const method = Object.getOwnPropertyDescriptor(Reports.prototype, 'run');
Scheduled({ every: '1h' })(Reports.prototype, 'run', method);
ProcessJob(Report)(Reports.prototype, 'run', method);

class Root {}
Module({ imports: [ScalrQueueModule.forRoot({ app, redis })], providers: [Reports] })(Root);

await runWorker(Root, { port: 0, signals: false, shutdownTimeout: 300 });
process.on('disconnect', () => process.exit());
