// A producer of the application, and its worker when it is asked to work. It runs from beside the version of the library that it
// is to use, and does what the parent process asks.
import 'reflect-metadata';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  DeadLetterService,
  defineJob,
  EnqueueService,
  JobsService,
  ProcessJob,
  QueuesService,
  Scheduled,
  ScalrQueueModule,
  SchedulesService,
} from 'scalr-queue';
import { runWorker } from 'scalr-queue/worker';

const [version, redis, app, lockDuration] = process.argv.slice(2);

const definitions = {
  Act: defineJob('act', { retry: { attempts: 50, delay: 250, factor: 1, jitter: 0 } }),
  Solo: defineJob('solo', { unique: { key: ({ account }) => account } }),
  Tick: defineJob('tick'),
  Novel: defineJob('novel'),
};

const behaviours = {
  succeed: () => version,
  fail: () => Promise.reject(new Error(`${version} cannot do it`)),
  wait: (ctx) => once(ctx.signal, 'abort').then(() => ctx.signal.throwIfAborted()),
  hang: () => pause(60_000),
};

/** A class whose method does with a job what the payload says of this version, and else succeeds. */
function handlerOf(definition, ...decorators) {
  class Handler {
    async run(payload, ctx) {
      const { id, name, attempt } = ctx;
      process.send({ ran: { id, name, attempt, version, slot: ctx.scheduledFor?.getTime() } });
      return behaviours[payload?.[version] ?? 'succeed'](ctx);
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(Handler.prototype, 'run');
  for (const decorate of [ProcessJob(definition), ...decorators])
    decorate(Handler.prototype, 'run', descriptor);
  return Handler;
}

const queue = ScalrQueueModule.forRoot({
  app,
  redis,
  worker: { lockDuration, stalledInterval: '500ms', unknownJobTimeout: '20s' },
});
class Web {}
Module({ imports: [queue] })(Web);

class Work {}
const known = [
  handlerOf(definitions.Act),
  handlerOf(definitions.Solo),
  handlerOf(definitions.Tick, Scheduled({ every: '1s' })),
];
/** Nothing but the next version knows this kind of job. */
const novel = version === 'next' ? [handlerOf(definitions.Novel)] : [];
Module({ imports: [queue], providers: [...known, ...novel] })(Work);

const context = await NestFactory.createApplicationContext(Web, { logger: false });
const services = {
  queue: context.get(EnqueueService),
  jobs: context.get(JobsService),
  dead: context.get(DeadLetterService),
  queues: context.get(QueuesService),
  schedules: context.get(SchedulesService),
};

let worker;
const calls = {
  work: async () => {
    worker = await runWorker(Work, { port: 0, signals: false, shutdownTimeout: '300ms', logger: false });
  },
  /** As a deploy does it: the worker goes, the process stays to be asked. */
  leave: () => worker.close(),
  ask: (service, method, args) =>
    services[service][method](...args.map((arg) => definitions[arg?.definition] ?? arg)),
};

process.on('message', ({ number, call, args }) => {
  calls[call](...args).then(
    (answer) => process.send({ number, answer }),
    (error) => process.send({ number, error: `${error.name}: ${error.message}` }),
  );
});
process.send('ready');
