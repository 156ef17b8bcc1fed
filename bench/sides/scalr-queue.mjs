// @ts-check
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EnqueueService, ScalrQueueMetricsModule, ScalrQueueModule } from 'scalr-queue';
import { Task } from './scalr-queue.job.mjs';
import { openWorker } from './scalr-queue.worker.mjs';

/** @param {string} redis @returns {Promise<import('./side.d.mts').Side>} */
export async function open(redis) {
  class Producer {}
  Module({ imports: [ScalrQueueModule.forRoot({ app: 'bench', redis }), ScalrQueueMetricsModule] })(Producer);
  const context = await NestFactory.createApplicationContext(Producer, { logger: false });
  const jobs = context.get(EnqueueService);
  return {
    enqueue: (payload, how) => jobs.enqueue(Task, payload, how),
    enqueueMany: (payloads, how) => jobs.enqueueMany(Task, payloads, how),
    work: (concurrency, onJob) => openWorker(redis, concurrency, onJob, Task),
  };
}
