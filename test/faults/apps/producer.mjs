import { createServer } from 'node:http';
import { NestFactory } from '@nestjs/core';
import {
  DeadLetterService,
  EnqueueService,
  JobsService,
  QueuesService,
  ScalrQueueHealthIndicator,
  SchedulesService,
} from 'scalr-queue';
import { burst } from './burst.mjs';
import { config, Newer, note, rootModule, Task } from './contract.mjs';
import { withoutFiles } from './files.mjs';
import { Load } from './load.mjs';
import { watchVitals } from './vitals.mjs';

// A web process whose modules hold processors is one of the faults.
const providers = config.handlers ? [(await import('./handler.mjs')).Handler] : [];
const context = await NestFactory.createApplicationContext(rootModule(providers));
context.enableShutdownHooks();
const queue = context.get(EnqueueService, { strict: false });
const jobs = context.get(JobsService, { strict: false });
const health = context.get(ScalrQueueHealthIndicator, { strict: false });
const dead = context.get(DeadLetterService, { strict: false });
const schedules = context.get(SchedulesService, { strict: false });
const queues = context.get(QueuesService, { strict: false });
let load;

/** Writes jobs down that this process was told are enqueued. */
function acknowledge(enqueued) {
  note(config.record, enqueued.map(({ id }) => `ack ${id}`).join('\n'));
  return enqueued.length;
}

/** What the harness can ask for. */
const commands = {
  enqueue: ({ payload, options, newer }) =>
    timed(async () => {
      const job = await queue.enqueue(newer ? Newer : Task, payload, options);
      acknowledge([job]);
      return job;
    }),
  enqueueMany: ({ ids }) =>
    timed(async () => {
      const entries = ids.map((id) => ({ payload: {}, options: { id } }));
      return { count: acknowledge(await queue.enqueueMany(Task, entries)) };
    }),
  enqueueCount: ({ count, payload }) =>
    timed(async () => ({ count: (await queue.enqueueMany(Task, Array(count).fill(payload))).length })),
  recordMany: ({ count, payload, options }) =>
    timed(async () => {
      const entries = Array.from({ length: count }, () => ({ payload, options }));
      return { count: acknowledge(await queue.enqueueMany(Task, entries)) };
    }),
  transactions: async (settings) => {
    const { transactions } = await import('./outbox.mjs');
    const done = await transactions(config.outbox, queue, Task, settings);
    if (settings.ending === 'commit') acknowledge(done.jobs);
    return done;
  },
  burst: ({ count }) => burst(count, () => queue.enqueue(Task, {})),
  dead: ({ action }) => timed(async () => ({ done: await dead[action]({}) })),
  schedules: () => schedules.list(),
  withoutFiles: ({ ms }) => withoutFiles(ms, () => timed(() => queue.enqueue(Task, {}))),
  get: async ({ id }) => (await jobs.get(id)) ?? {},
  setPaused: async ({ paused }) => {
    await queues[paused ? 'pause' : 'resume']('default');
    return {};
  },
  withoutFuture: async ({ ids }) => {
    const found = [];
    // A few at a time: a busy machine must not take the deadline of the last ones.
    for (let from = 0; from < ids.length; from += 25) {
      const infos = await Promise.all(ids.slice(from, from + 25).map((id) => jobs.get(id)));
      found.push(...infos.flatMap((info, n) => (!info || info.state === 'dead' ? [ids[from + n]] : [])));
    }
    return { ids: found };
  },
  ready: async () => ({ up: (await health.isHealthy('queue')).queue.status === 'up' }),
  load: (settings) => {
    load = new Load(queue, Task, settings, (...words) => note(config.record, ...words));
    load.start();
    return {};
  },
  stopLoad: () => load.stop(),
  rss: () => ({ rss: process.memoryUsage().rss }),
};

/** Answers one command, also with what went wrong. */
async function answer(request, response) {
  let body = '';
  for await (const chunk of request) body += chunk;
  const command = commands[request.url.slice(1)];
  const reply = await Promise.resolve(command(JSON.parse(body || '{}'))).catch(({ message }) => ({
    error: message,
  }));
  response.end(JSON.stringify(reply));
}

createServer((request, response) => void answer(request, response)).listen(config.port, '127.0.0.1', () =>
  console.log('producer is up'),
);

/** How a call ended and how long it took, as plain data. */
async function timed(call) {
  const begin = performance.now();
  const settled = (outcome) => ({ ...outcome, ms: Math.round(performance.now() - begin) });
  try {
    return settled(await call());
  } catch (error) {
    const { code = error.name, message, jobId, jobIds } = error;
    return settled({ code, message, jobId, jobIds });
  }
}

if (config.vitals) watchVitals(config.vitals);
