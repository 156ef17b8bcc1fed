// @ts-check
import 'reflect-metadata';
import { getQueueToken } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { jobOptions } from './bullmq-options.mjs';
import { modules, openWorker } from './nestjs-bullmq.worker.mjs';

/** @param {string} url @returns {Promise<import('./side.d.mts').Side>} */
export async function open(url) {
  class Producer {}
  Module({ imports: modules(url) })(Producer);
  const context = await NestFactory.createApplicationContext(Producer, { logger: false });
  /** @type {import('bullmq').Queue} */
  const queue = context.get(getQueueToken('bench'), { strict: false });
  return {
    enqueue: (payload) => queue.add('task', payload, jobOptions()),
    enqueueMany: (payloads) =>
      queue.addBulk(payloads.map((data) => ({ name: 'task', data, opts: jobOptions() }))),
    work: (concurrency, onJob) => openWorker(url, concurrency, onJob),
  };
}
