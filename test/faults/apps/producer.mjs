import { createServer } from 'node:http';
import { NestFactory } from '@nestjs/core';
import { EnqueueService, JobsService, ScalrQueueHealthIndicator } from 'scalr-queue';
import { config, Newer, note, rootModule, Task } from './contract.mjs';
import { Load } from './load.mjs';

const context = await NestFactory.createApplicationContext(rootModule());
context.enableShutdownHooks();
const queue = context.get(EnqueueService, { strict: false });
const jobs = context.get(JobsService, { strict: false });
const health = context.get(ScalrQueueHealthIndicator, { strict: false });
let load;

/** What the harness can ask for. */
const commands = {
  enqueue: ({ payload, options, newer }) =>
    timed(() => queue.enqueue(newer ? Newer : Task, payload, options)),
  enqueueMany: ({ ids }) =>
    timed(async () => ({
      count: (
        await queue.enqueueMany(
          Task,
          ids.map((id) => ({ payload: {}, options: { id } })),
        )
      ).length,
    })),
  burst: ({ count }) => burst(count),
  get: async ({ id }) => (await jobs.get(id)) ?? {},
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

/** All at once, as a careless loop does. */
async function burst(count) {
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  let peak = before;
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 20);
  const calls = Array.from({ length: count }, () => timed(() => queue.enqueue(Task, {})));
  peak = Math.max(peak, process.memoryUsage().rss);
  const outcomes = {};
  let longest = 0;
  for (const { code = 'OK', ms } of await Promise.all(calls)) {
    outcomes[code] = (outcomes[code] ?? 0) + 1;
    longest = Math.max(longest, ms);
  }
  clearInterval(watch);
  return { outcomes, longest, growth: Math.max(peak, process.memoryUsage().rss) - before };
}
