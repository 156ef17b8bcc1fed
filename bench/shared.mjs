// @ts-check
/**
 * `node bench/shared.mjs [CALLS]` after a build: calls a second, and CPU per call in this process and in Redis, of limiters and locks, ours beside those of
 * npm, in one run on a Redis of its own. The last line is JSON. `npm run bench` installs the others, which are no part of `bench/package.json`.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { Redis } from 'ioredis';
import { ScalrQueueModule } from 'scalr-queue';
import { SharedRedis } from 'scalr-queue/shared';
import { findRedisServer } from '../scripts/redis/find.mjs';
import { startRedisServer } from '../scripts/redis/server.mjs';

const CALLS = Number(process.argv[2] ?? 20_000);
const AT_ONCE = 50;
/** Of each side, in turns, so that what else the machine does hits all: the median counts. */
const ROUNDS = 3;

const { RateLimiterRedis } = await import('rate-limiter-flexible');
const { default: Redlock } = await import('redlock');

const dir = await mkdtemp(join(tmpdir(), 'scalr-bench-'));
const binaries = await findRedisServer();
if (!binaries) throw new Error('no redis-server: put one on PATH');
const redis = await startRedisServer({ binaries, dir });
const client = new Redis(redis.url);
const context = await NestFactory.createApplicationContext(
  ScalrQueueModule.forRoot({ app: 'bench', redis: redis.url }),
  { logger: false },
);
const shared = context.get(SharedRedis);
const nothing = () => undefined;

const window = shared.limiter('window', { window: { max: 1_000_000, per: '1m' } });
const bucket = shared.limiter('bucket', { bucket: { capacity: 1_000_000, refill: 1_000_000, per: '1m' } });
const places = shared.limiter('places', { concurrent: { max: 10_000 } });
const flexible = new RateLimiterRedis({
  storeClient: client,
  keyPrefix: 'flexible',
  points: 1_000_000,
  duration: 60,
});
const redlock = new Redlock([client], { retryCount: 0 });
let name = 0;

/** @type {Record<string, () => Promise<unknown>>} */
const sides = {
  'limiter: window': () => window.run(nothing),
  'limiter: bucket': () => bucket.run(nothing),
  'limiter: rate-limiter-flexible (fixed window)': () => flexible.consume('all'),
  'limiter: concurrent (take and give back)': () => places.run(nothing),
  'lock: ours (with a fence)': () => shared.lock(`lock-${name++}`, {}, nothing),
  'lock: redlock on one Redis (no fence)': () =>
    redlock.using([`lock-${name++}`], 30_000, async () => undefined),
};

try {
  /** @type {Map<string, { rate: number, own: number, redis: number }[]>} */
  const seen = new Map(Object.keys(sides).map((side) => [side, []]));
  for (let round = 0; round < ROUNDS; round++)
    for (const [side, call] of Object.entries(sides)) seen.get(side)?.push(await measure(call));
  const figures = [];
  for (const [side, rounds] of seen) {
    const [rate, own, server] = [median(rounds, 'rate'), median(rounds, 'own'), median(rounds, 'redis')];
    figures.push({ side, perSecond: rate, cpu: own, store: server });
    console.log(
      `${side.padEnd(46)} ${rate.toFixed(0).padStart(7)} calls/s  ${own.toFixed(1).padStart(6)} us here  ${server.toFixed(1).padStart(6)} us in Redis`,
    );
  }
  console.log(JSON.stringify(figures));
} finally {
  await context.close();
  client.disconnect();
  await redis.stop();
  await rm(dir, { recursive: true, force: true });
}

/** @param {() => Promise<unknown>} call */
async function measure(call) {
  for (let at = 0; at < 100; at++) await call();
  const [cpu, server, started] = [process.cpuUsage(), await redisCpu(), performance.now()];
  let left = CALLS;
  const caller = async () => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, caller));
  const seconds = (performance.now() - started) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  return {
    rate: CALLS / seconds,
    own: (user + system) / CALLS,
    redis: ((await redisCpu()) - server) / CALLS,
  };
}

/** Microseconds that Redis has used. */
async function redisCpu() {
  const text = await client.info('cpu');
  const of = (/** @type {string} */ field) => Number(new RegExp(`^${field}:(.*)$`, 'm').exec(text)?.[1]);
  return (of('used_cpu_user') + of('used_cpu_sys')) * 1e6;
}

/** @param {{ rate: number, own: number, redis: number }[]} rounds @param {'rate' | 'own' | 'redis'} field */
function median(rounds, field) {
  return (
    rounds.map((round) => round[field]).toSorted((a, b) => a - b)[Math.floor(rounds.length / 2)] ?? Number.NaN
  );
}
