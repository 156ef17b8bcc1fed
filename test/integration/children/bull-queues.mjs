// Processes of several apps in one: each has objects of the engine that nobody gave an error listener. Arguments: web or worker,
// then the URL of each app's Redis. Any message makes them all add a job; a message 'end' ends them.
import 'reflect-metadata';
import { BullModule, getFlowProducerToken, getQueueToken, Processor, WorkerHost } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { QueueEvents } from 'bullmq';
import { ScalrQueueModule } from 'scalr-queue';
import { runWorker } from 'scalr-queue/worker';

const [role, ...urls] = process.argv.slice(2);

class OldProcessor extends WorkerHost {
  async process() {}
}
Processor('old')(OldProcessor);

const contexts = urls.map(async (redis, n) => {
  class Root {}
  Module({
    imports: [
      ScalrQueueModule.forRoot({ app: `bull-${n}`, redis }),
      BullModule.registerQueue({ name: 'old' }),
      BullModule.registerFlowProducer({ name: 'flow' }),
    ],
    providers: [OldProcessor],
  })(Root);
  if (role === 'worker') {
    const worker = await runWorker(Root, { port: 0, signals: false, shutdownTimeout: 300 });
    return () => worker.close();
  }
  const context = await NestFactory.createApplicationContext(Root, { abortOnError: false });
  const queue = context.get(getQueueToken('old'), { strict: false });
  const flow = context.get(getFlowProducerToken('flow'), { strict: false });
  const events = new QueueEvents('old', { connection: queue.opts.connection, prefix: queue.opts.prefix });
  process.on('message', () => {
    queue.add('old', { note: 'payload-secret' }).catch(() => undefined);
    flow
      .add({ name: 'old', queueName: 'old', data: { note: 'payload-secret' }, prefix: queue.opts.prefix })
      .catch(() => undefined);
  });
  return async () => {
    events.disconnect().catch(() => undefined);
    await context.close();
  };
});
process.send('up');
process.on('message', (message) => {
  if (message !== 'end') return;
  process.exit();
});
await Promise.all(contexts);
