// @ts-check
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { root } from '../scripts/workspace/root.mjs';
import { cpuOf, cpuOfRedis, memoryOf } from './cpu.mjs';
import { environment } from './run-side.mjs';
import { inRedis } from './stores.mjs';

/**
 * @typedef {import('./stores.mjs').Store} Store
 *
 * @typedef {object} Boot   of a worker, until it takes jobs
 * @property {number} ms
 * @property {number} cpu   milliseconds
 * @property {number} rss   megabytes
 *
 * @typedef {object} Idle   of a worker with nothing to do, for 1,000 seconds, scaled from fewer
 * @property {number} cpu       milliseconds
 * @property {number} redis     those of Redis
 * @property {number} commands
 * @property {number} rss       megabytes, in the end
 */

const PATIENCE = 60_000;
/** What follows a start is not idleness yet. */
const SETTLING = 10_000;
const SPAN = 1_000;

/** @param {string} side @param {Store} store @returns {Promise<Boot>} */
export async function bootOf(side, store) {
  const began = performance.now();
  const child = await started(side, store);
  const boot = { ms: performance.now() - began, cpu: cpuOf(child.pid) / 1_000, rss: memoryOf(child.pid) };
  await child.stop();
  return boot;
}

/** @param {string} side @param {number} seconds @returns {Promise<Idle>} */
export function idleOf(side, seconds) {
  return inRedis((store) => idle(side, seconds, store));
}

/** @param {string} side @param {number} seconds @param {Store} store @returns {Promise<Idle>} */
async function idle(side, seconds, store) {
  const child = await started(side, store);
  const redis = new Redis(store.url);
  const read = async () => ({
    cpu: cpuOf(child.pid) / 1_000,
    redis: (await cpuOfRedis(redis)) / 1_000,
    commands: Number(/total_commands_processed:(\d+)/.exec(await redis.info('stats'))?.[1]),
  });
  await sleep(SETTLING);
  const before = await read();
  await sleep(seconds * 1_000);
  const after = await read();
  const scaled = (/** @type {number} */ difference) => (difference * SPAN) / seconds;
  const rss = memoryOf(child.pid);
  redis.disconnect();
  await child.stop();
  return {
    cpu: scaled(after.cpu - before.cpu),
    redis: scaled(after.redis - before.redis),
    // Without those that ask for the figures.
    commands: scaled(Math.max(0, after.commands - before.commands - 2)),
    rss,
  };
}

/** A worker that takes jobs. @param {string} side @param {Store} store */
async function started(side, store) {
  const script =
    side === 'template'
      ? join(root, 'dist/main.worker.js')
      : fileURLToPath(new URL(`boot/${side}.mjs`, import.meta.url));
  const child = spawn(process.execPath, [script, store.url], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...environment, SCALR_REDIS_URL: store.url, SCALR_WORKER_PORT: '0' },
  });
  const ended = once(child, 'close');
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
  let output = '';
  const isReady = await new Promise((resolve) => {
    child.stdout.on('data', (chunk) => {
      output += chunk;
      if (/^ready$|Worker ready/m.test(output)) resolve(true);
    });
    child.on('close', () => resolve(false));
  });
  clearTimeout(timer);
  if (!isReady) throw new Error(`the worker of ${side} was not ready: ${output.slice(-500)}`);
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  return { pid: /** @type {number} */ (child.pid), stop };
}
