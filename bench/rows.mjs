// @ts-check

/** @typedef {{ id: string, title: string }} Row */

/** Jobs per second, and CPU per job. @type {Row[]} */
export const rows = [
  { id: 'enqueue-1', title: 'enqueue, one at a time' },
  { id: 'enqueue-100', title: 'enqueue, 100 at once' },
  { id: 'enqueue-many', title: 'enqueue in bulks of 1,000' },
  { id: 'process-1', title: 'process, concurrency 1' },
  { id: 'process-10', title: 'process, concurrency 10' },
  { id: 'process-50', title: 'process, concurrency 50' },
];

/** Those of `rows` that are measured again over a slow network: the others wait for nothing but one answer each time. */
export const overNetwork = ['enqueue-100', 'process-1', 'process-10', 'process-50'];

/** What is measured with so many jobs in the way, and with none. @typedef {{ kind: 'waiting' | 'delayed' | 'prioritized', rows: Row[] }} Backlog @type {Backlog[]} */
export const backlogs = [
  {
    kind: 'waiting',
    rows: [
      { id: 'enqueue-100', title: 'enqueue, 100 at once' },
      { id: 'process-10', title: 'process, concurrency 10' },
    ],
  },
  {
    kind: 'delayed',
    rows: [
      { id: 'enqueue-100-delayed', title: 'enqueue delayed jobs, 100 at once' },
      { id: 'process-10', title: 'process, concurrency 10' },
    ],
  },
  {
    kind: 'prioritized',
    rows: [
      { id: 'enqueue-100-prioritized', title: 'enqueue jobs with a priority, 100 at once' },
      { id: 'process-10-prioritized', title: 'process jobs with a priority, concurrency 10' },
    ],
  },
];

/**
 * @typedef {object} SideInfo
 * @property {string} id
 * @property {string} title
 * @property {'redis' | 'postgres'} store
 * @property {RegExp} [only]        the rows that it can do; all by default
 * @property {'python'} [runtime]   Node by default; `id` is the package then, and the side is left out where there is none
 * @property {number} [rounds]      as many as there are by default
 */

/** @type {SideInfo[]} */
export const sides = [
  { id: 'scalr-queue', title: 'scalr-queue', store: 'redis' },
  { id: 'bullmq', title: 'BullMQ', store: 'redis' },
  { id: 'nestjs-bullmq', title: '@nestjs/bullmq', store: 'redis', rounds: 2 },
  { id: 'bee-queue', title: 'bee-queue', store: 'redis' },
  { id: 'pg-boss', title: 'pg-boss', store: 'postgres', rounds: 2 },
  { id: 'graphile-worker', title: 'graphile-worker', store: 'postgres', rounds: 2 },
  { id: 'evalsha', title: "BullMQ's bare script", store: 'redis', only: /^enqueue/, rounds: 2 },
  { id: 'scripts', title: 'our bare scripts', store: 'redis', only: /^enqueue-(1|many)$/, rounds: 2 },
  { id: 'celery', title: 'Celery', store: 'redis', runtime: 'python', rounds: 1 },
  // Its worker does one job at a time.
  {
    id: 'rq',
    title: 'RQ',
    store: 'redis',
    runtime: 'python',
    only: /^(enqueue-.+|process-1|pickup)$/,
    rounds: 1,
  },
];

/** The others at their most careful; ours and BullMQ's are so in the first table. @type {SideInfo[]} */
export const carefulSides = [
  { id: 'bee-queue-careful', title: 'bee-queue, results kept', store: 'redis', rounds: 2 },
  { id: 'pg-boss-careful', title: 'pg-boss, ended in small batches', store: 'postgres', rounds: 2 },
];
/** The columns of that table. */
export const inCarefulTable = [
  'scalr-queue',
  'bullmq',
  'bee-queue-careful',
  'pg-boss-careful',
  'graphile-worker',
];

/** Those that ours is compared with; they get the more rounds. */
export const MAIN = ['scalr-queue', 'bullmq', 'bee-queue'];
/** The two whose memory and backlogs are compared, and all that `--quick` measures. */
export const PAIR = ['scalr-queue', 'bullmq'];
/** The sides whose start is measured. */
export const booted = ['scalr-queue', 'template', 'bullmq', 'nestjs-bullmq'];
/** Those that idle for a while. */
export const idlers = ['scalr-queue', 'bullmq', 'nestjs-bullmq', 'bee-queue'];
