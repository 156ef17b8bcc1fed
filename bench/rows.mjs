// @ts-check

/** @typedef {{ id: string, title: string, target?: number }} Row target: times the figure of plain BullMQ */

/** Jobs per second. @type {Row[]} */
export const rows = [
  { id: 'enqueue-1', title: 'enqueue, one at a time', target: 0.97 },
  { id: 'enqueue-100', title: 'enqueue, 100 at once', target: 0.97 },
  { id: 'enqueue-many', title: 'enqueue in bulks of 1,000', target: 1.4 },
  { id: 'process-1', title: 'process, concurrency 1', target: 0.97 },
  { id: 'process-10', title: 'process, concurrency 10', target: 0.97 },
  { id: 'process-50', title: 'process, concurrency 50', target: 0.97 },
];

/** Those of `rows` that are measured again with a million jobs in the way. */
export const withBacklog = ['enqueue-100', 'process-10'];

export const targets = { pickupP99: 10, readyWithin: 1_000, bytes: 1.3, backlog: 0.9, scrape: 1.2 };

/**
 * @typedef {object} SideInfo
 * @property {string} id
 * @property {string} title
 * @property {'redis' | 'postgres'} store
 * @property {RegExp} [only]        the rows that it can do; all by default
 * @property {'python'} [runtime]   Node by default; `id` is the package then, and the side is left out where there is none
 */

/** @type {SideInfo[]} */
export const sides = [
  { id: 'scalr-queue', title: 'scalr-queue', store: 'redis' },
  { id: 'bullmq', title: 'BullMQ', store: 'redis' },
  { id: 'nestjs-bullmq', title: '@nestjs/bullmq', store: 'redis' },
  { id: 'bee-queue', title: 'bee-queue', store: 'redis' },
  { id: 'pg-boss', title: 'pg-boss', store: 'postgres' },
  { id: 'graphile-worker', title: 'graphile-worker', store: 'postgres' },
  { id: 'evalsha', title: 'the bare script', store: 'redis', only: /^enqueue/ },
  { id: 'celery', title: 'Celery', store: 'redis', runtime: 'python' },
  // Its worker does one job at a time.
  { id: 'rq', title: 'RQ', store: 'redis', runtime: 'python', only: /^(enqueue-.+|process-1|pickup)$/ },
];
