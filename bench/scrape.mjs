// @ts-check
/**
 * `node bench/scrape.mjs [JOBS]` after a build: what a scrape costs with nothing in the queue and with a million jobs, half of them
 * waiting and half in twenty levels of priority. It fills a Redis of its own. The last line is how many times the one is the other.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { NestFactory } from '@nestjs/core';
import { defineJob, EnqueueService, ScalrQueueMetrics, ScalrQueueModule } from 'scalr-queue';
import { findRedisServer } from '../scripts/redis/find.mjs';
import { startRedisServer } from '../scripts/redis/server.mjs';

const JOBS = Number(process.argv[2] ?? 1_000_000);
const ROUNDS = 20;
/** The state is kept for a second: a scrape that reads it anew comes later than that. */
const BETWEEN = 1_050;

const Task = defineJob('task', { queue: 'bench' });

const dir = await mkdtemp(join(tmpdir(), 'scalr-bench-'));
const binaries = await findRedisServer();
if (!binaries) throw new Error('no redis-server: put one on PATH');
const redis = await startRedisServer({ binaries, dir });
try {
  const module = ScalrQueueModule.forRoot({ app: 'bench', redis: redis.url });
  const context = await NestFactory.createApplicationContext(module, { logger: false });
  const [queue, metrics] = [context.get(EnqueueService), context.get(ScalrQueueMetrics)];
  await queue.enqueue(Task);
  const empty = await measure(metrics);
  console.log(`        1 job:  median ${empty.toFixed(2)} ms a scrape`);
  await queue.enqueueMany(Task, payloads(JOBS / 2));
  for (let priority = 1; priority <= 20; priority++)
    await queue.enqueueMany(Task, payloads(JOBS / 40), { priority });
  const full = await measure(metrics);
  console.log(
    `${String(JOBS).padStart(9)} jobs: median ${full.toFixed(2)} ms a scrape, ${(full / empty).toFixed(2)} times`,
  );
  console.log(full / empty);
  await context.close();
} finally {
  await redis.stop();
  await rm(dir, { recursive: true, force: true });
}

/** @param {ScalrQueueMetrics} metrics */
async function measure(metrics) {
  const times = [];
  for (let round = 0; round < ROUNDS; round++) {
    await sleep(BETWEEN);
    const started = performance.now();
    await metrics.text();
    times.push(performance.now() - started);
  }
  return times.toSorted((a, b) => a - b)[ROUNDS / 2] ?? NaN;
}

/** @param {number} count @returns {Generator<undefined>} */
function* payloads(count) {
  for (let index = 0; index < count; index++) yield undefined;
}
