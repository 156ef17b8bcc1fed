import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  defineJob,
  EnqueueService,
  type JobContext,
  type PayloadOf,
  ProcessJob,
  ScalrQueueModule,
} from 'scalr-queue';
import { runWorker } from 'scalr-queue/worker';
import { z } from 'zod';

// What an adopter writes: compiled and run outside of this repository, against the packed library.

const Add = defineJob('add', {
  payload: z.object({ a: z.number(), b: z.coerce.number<string>() }),
  result: z.object({ sum: z.number() }),
});

@Injectable()
class AddProcessor {
  @ProcessJob(Add)
  async add({ a, b }: PayloadOf<typeof Add>, ctx: JobContext) {
    await ctx.log(`adding in attempt ${ctx.attempt}`);
    return { sum: a + b };
  }
}

const queue = ScalrQueueModule.forRoot({ app: 'adopter' });

@Module({ imports: [queue] })
class WebModule {}

@Module({ imports: [queue], providers: [AddProcessor] })
class WorkerModule {}

const worker = await runWorker(WorkerModule, { port: 0, signals: false, shutdownTimeout: '1s' });
const web = await NestFactory.createApplicationContext(WebModule, { logger: ['error'] });
const { sum } = await web.get(EnqueueService).enqueueAndWait(Add, { a: 20, b: '22' }, { waitFor: '20s' });
const ready = await fetch(`${worker.url}/health/ready`);
console.log(JSON.stringify({ sum: sum.toFixed(1), ready: ready.status }));
await web.close();
await worker.close();
