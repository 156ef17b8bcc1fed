// @ts-check
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EnqueueService, ScalrQueueMetricsModule, ScalrQueueModule } from 'scalr-queue';
import { migrationSql, postgresOutbox } from 'scalr-queue/outbox';
import { Task } from '../sides/scalr-queue.job.mjs';
import { openWorker } from '../sides/scalr-queue.worker.mjs';

/** @param {import('./side.d.mts').Stores} stores @param {import('scalr-queue/outbox').PostgresOutboxOptions} [options] @returns {Promise<import('./side.d.mts').OutboxSide>} */
export async function open({ redis, postgres, pool }, options) {
  await pool.query(migrationSql('scalr_queue'));
  const jobs = await openProducer(redis, { url: postgres, ...options });
  return {
    enqueue: (tx, payload) => jobs.enqueue(Task, payload, { tx }),
    work: (onJob) =>
      openWorker(redis, 10, onJob, Task, { outbox: postgresOutbox({ url: postgres, ...options }) }),
  };
}

/** A process that enqueues; without options it has no outbox. @param {string} redis @param {import('scalr-queue/outbox').PostgresOutboxOptions} [options] */
export async function openProducer(redis, options) {
  const outbox = options && { outbox: postgresOutbox(options) };
  class Producer {}
  Module({
    imports: [ScalrQueueModule.forRoot({ app: 'bench', redis, ...outbox }), ScalrQueueMetricsModule],
  })(Producer);
  const context = await NestFactory.createApplicationContext(Producer, { logger: false });
  return context.get(EnqueueService);
}
