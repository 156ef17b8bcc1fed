// @ts-check
import 'reflect-metadata';
import { BullModule, Processor, WorkerHost } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { prefix, streams, workerOptions } from './bullmq-options.mjs';

/** @param {string} url */
export const modules = (url) => [
  BullModule.forRoot({ connection: { url }, prefix, streams }),
  BullModule.registerQueue({ name: 'bench' }),
];

/** @param {string} url @param {number} concurrency @param {(number: number) => void} onJob */
export async function openWorker(url, concurrency, onJob) {
  class Handler extends WorkerHost {
    /** @param {import('bullmq').Job} job */
    async process({ data }) {
      onJob(data.number);
    }
  }
  Processor('bench', workerOptions(concurrency))(Handler);
  class Root {}
  Module({ imports: modules(url), providers: [Handler] })(Root);
  return NestFactory.createApplicationContext(Root, { logger: false });
}
