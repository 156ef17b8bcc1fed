// @ts-nocheck: its imports are those of the project that it runs in.
/**
 * Run inside of a project that has the packed library installed: a web and a worker process in one, over `SCALR_REDIS_URL`.
 * Plain JavaScript, so that any node runs it; decorators are applied by hand.
 */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { EnqueueService, ProcessJob, QueuesService, ScalrQueueModule, defineJob } from 'scalr-queue';
import { runWorker } from 'scalr-queue/worker';

const Add = defineJob('add', { retry: { attempts: 2, delay: 5 } });

class Adder {
  async add({ a, b }, ctx) {
    if (ctx.attempt === 1) throw new Error('the first attempt fails');
    return a + b;
  }
}
const method = Object.getOwnPropertyDescriptor(Adder.prototype, 'add');
ProcessJob(Add)(Adder.prototype, 'add', method);

const app = `smoke-${process.pid}`;
const queue = ScalrQueueModule.forRoot({ app });
const worker = await runWorker(
  { module: class WorkerModule {}, imports: [queue], providers: [Adder] },
  { port: 0, signals: false, shutdownTimeout: '1s', logger: ['warn', 'error', 'fatal'] },
);
const web = await NestFactory.createApplicationContext(
  { module: class WebModule {}, imports: [queue] },
  { logger: ['warn', 'error', 'fatal'] },
);
const sum = await web.get(EnqueueService).enqueueAndWait(Add, { a: 20, b: 22 }, { waitFor: '20s' });
const status = async (path) => (await fetch(`${worker.url}${path}`)).status;
const found = {
  node: process.version,
  sum,
  workers: (await web.get(QueuesService).workers()).length,
  health: await status('/health'),
  ready: await status('/health/ready'),
  metrics: await status('/metrics'),
};
console.log(JSON.stringify(found));
await web.close();
await worker.close();
const isRight = sum === 42 && found.workers === 1 && found.health + found.ready + found.metrics === 600;
process.exitCode = isRight ? 0 : 1;
