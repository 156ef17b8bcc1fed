// @ts-check
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { ProcessJob, ScalrQueueModule } from 'scalr-queue';
import { runWorker } from 'scalr-queue/worker';
import { Task } from './scalr-queue.job.mjs';

/** @param {string} redis @param {number} concurrency @param {(number: number) => void} onJob */
export function openWorker(redis, concurrency, onJob) {
  class Processor {
    /** @param {{ number: number }} payload */
    async run({ number }) {
      onJob(number);
    }
  }
  const method = /** @type {PropertyDescriptor} */ (
    Object.getOwnPropertyDescriptor(Processor.prototype, 'run')
  );
  ProcessJob(Task)(Processor.prototype, 'run', method);
  Injectable()(Processor);
  class Root {}
  Module({ imports: [ScalrQueueModule.forRoot({ app: 'bench', redis })], providers: [Processor] })(Root);
  return runWorker(Root, { port: 0, signals: false, logger: false, concurrency });
}
