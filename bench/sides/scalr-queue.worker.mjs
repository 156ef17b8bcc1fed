// @ts-check
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { ProcessJob, ScalrQueueModule } from 'scalr-queue';
import { runWorker } from 'scalr-queue/worker';

/** @param {string} redis @param {number} concurrency @param {(number: number) => void} onJob @param {import('scalr-queue').JobDefinition<any>} definition @param {{ outbox?: import('scalr-queue').Outbox }} [more] */
export function openWorker(redis, concurrency, onJob, definition, more) {
  class Processor {
    /** @param {{ number: number }} payload */
    async run({ number }) {
      onJob(number);
    }
  }
  const method = /** @type {PropertyDescriptor} */ (
    Object.getOwnPropertyDescriptor(Processor.prototype, 'run')
  );
  ProcessJob(definition)(Processor.prototype, 'run', method);
  Injectable()(Processor);
  class Root {}
  Module({ imports: [ScalrQueueModule.forRoot({ app: 'bench', redis, ...more })], providers: [Processor] })(
    Root,
  );
  return runWorker(Root, { port: 0, signals: false, logger: false, concurrency });
}
