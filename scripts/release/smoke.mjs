// @ts-nocheck: its imports are those of the project that it runs in.
/**
 * Run inside of a project that has the packed library installed: a web and a worker process in one, over `SCALR_REDIS_URL`, that
 * ends itself with SIGTERM while a job runs. Plain JavaScript, so that any node runs it; decorators are applied by hand.
 */
import 'reflect-metadata';
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { NestFactory } from '@nestjs/core';
import { EnqueueService, ProcessJob, QueuesService, ScalrQueueModule, defineJob } from 'scalr-queue';
import { runWorker } from 'scalr-queue/worker';

const Add = defineJob('add', { retry: { attempts: 2, delay: 5 } });
const Slow = defineJob('slow');
const slowStarted = Promise.withResolvers?.() ?? withResolvers();

class Jobs {
  async add({ a, b }, ctx) {
    if (ctx.attempt === 1) throw new Error('the first attempt fails');
    return a + b;
  }
  async slow() {
    slowStarted.resolve();
    await sleep(500);
    console.log('finished while shutting down');
  }
}
for (const [method, definition] of [
  ['add', Add],
  ['slow', Slow],
])
  // prettier-ignore
  ProcessJob(definition)(Jobs.prototype, method, Object.getOwnPropertyDescriptor(Jobs.prototype, method));

const levels = ['warn', 'error', 'fatal'];
const queue = ScalrQueueModule.forRoot({ app: `smoke-${process.pid}` });
const workerModule = { module: class WorkerModule {}, imports: [queue], providers: [Jobs] };
const worker = await runWorker(workerModule, { port: 0, shutdownTimeout: '10s', logger: levels });
const webModule = { module: class WebModule {}, imports: [queue] };
const web = await NestFactory.createApplicationContext(webModule, { logger: levels });

const jobs = web.get(EnqueueService);
assert.equal(await jobs.enqueueAndWait(Add, { a: 20, b: 22 }, { waitFor: '20s' }), 42);
assert.equal((await web.get(QueuesService).workers()).length, 1);
for (const path of ['/health', '/health/live', '/health/ready'])
  assert.equal((await fetch(`${worker.url}${path}`)).status, 200, path);
assert.match(
  await (await fetch(`${worker.url}/metrics`)).text(),
  /^scalr_queue_jobs_completed_total\{.*\} 1$/m,
);

await jobs.enqueue(Slow);
await slowStarted.promise;
await web.close();
setTimeout(() => process.exit(2), 20_000).unref();
process.kill(process.pid, 'SIGTERM');

/** Node 20 has no `Promise.withResolvers`. */
function withResolvers() {
  let resolve;
  const promise = new Promise((resolver) => (resolve = resolver));
  return { promise, resolve };
}
