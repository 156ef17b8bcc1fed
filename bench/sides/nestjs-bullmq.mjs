// @ts-check
import 'reflect-metadata';
import { BullModule, getQueueToken, Processor, WorkerHost } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { jobOptions, prefix, streams, workerOptions } from './bullmq-options.mjs';

/** @param {string} url @returns {Promise<import('./side.d.mts').Side>} */
export async function open(url) {
  const imports = () => [
    BullModule.forRoot({ connection: { url }, prefix, streams }),
    BullModule.registerQueue({ name: 'bench' }),
  ];
  class Producer {}
  Module({ imports: imports() })(Producer);
  const context = await NestFactory.createApplicationContext(Producer, { logger: false });
  /** @type {import('bullmq').Queue} */
  const queue = context.get(getQueueToken('bench'), { strict: false });
  return {
    enqueue: (payload) => queue.add('task', payload, jobOptions()),
    enqueueMany: (payloads) =>
      queue.addBulk(payloads.map((data) => ({ name: 'task', data, opts: jobOptions() }))),
    async work(concurrency, onJob) {
      class Handler extends WorkerHost {
        /** @param {import('bullmq').Job} job */
        async process({ data }) {
          onJob(data.number);
        }
      }
      Processor('bench', workerOptions(concurrency))(Handler);
      class Root {}
      Module({ imports: imports(), providers: [Handler] })(Root);
      await NestFactory.createApplicationContext(Root, { logger: false });
    },
  };
}
