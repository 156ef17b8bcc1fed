// One of several producing processes: enqueues the same unique job many times at once and reports what it was told.
import 'reflect-metadata';
import { once } from 'node:events';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { defineJob, EnqueueService, ScalrQueueModule } from 'scalr-queue';

const [redis, app, count] = process.argv.slice(2);
const Sync = defineJob('sync', { unique: { key: (payload) => payload.account } });

class Root {}
Module({ imports: [ScalrQueueModule.forRoot({ app, redis })] })(Root);

const context = await NestFactory.createApplicationContext(Root, { logger: false });
const queue = context.get(EnqueueService);
await queue.enqueue(defineJob('warm-up'), undefined);
process.send('ready');
await once(process, 'message');
const calls = Array.from({ length: Number(count) }, (_, n) => queue.enqueue(Sync, { account: 'a-1', n }));
process.send(await Promise.all(calls));
await context.close();
process.disconnect();
