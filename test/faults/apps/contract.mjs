import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { appendFileSync } from 'node:fs';
import { defineJob, ScalrQueueModule } from 'scalr-queue';

/** What the harness says: where Redis is, where the files are, options of the library. */
export const config = JSON.parse(process.env['FAULT_CONFIG'] ?? '{}');

/** The job of all rows; its payload says what the handler does. */
export const Task = defineJob('task', {
  retry: { attempts: 3, delay: 100, jitter: 0 },
  timeout: '2m',
  ...config.task,
});

/** A job that only newer workers know. */
export const Newer = defineJob('newer', { retry: false });

/** One line to a file outside of Redis, on the disk before anything else happens. */
export function note(file, ...words) {
  appendFileSync(file, `${words.join(' ')}\n`);
}

/** What `@decorator` before a method does, for files that no compiler touches. */
export function decorate(type, method, decorator) {
  decorator(type.prototype, method, Object.getOwnPropertyDescriptor(type.prototype, method));
}

// Loads a driver of PostgreSQL that the other rows do without.
const outbox = config.outbox ? { outbox: (await import('./outbox.mjs')).outboxOf(config.outbox) } : {};

/** A root module with the queue. */
export function rootModule(providers = [], modules = []) {
  class Root {}
  const { app, redis, queues, worker, strict, defaults, passwordFile } = config;
  const target = passwordFile ? { url: redis, password: passwordReader(passwordFile) } : redis;
  const queue = ScalrQueueModule.forRoot({ app, redis: target, queues, worker, strict, defaults, ...outbox });
  Module({ imports: [queue, ...modules], providers })(Root);
  return Root;
}

/** A secret that is mounted as a file and replaced there. */
function passwordReader(file) {
  return async () => (await import('node:fs/promises')).readFile(file, 'utf8');
}
