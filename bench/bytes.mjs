// @ts-check
import { Redis } from 'ioredis';
import { runSide } from './run-side.mjs';
import { inRedis } from './stores.mjs';

const WAITING = 10_000;
const COMPLETED = 1_000;

/**
 * Bytes of Redis per job that waits, and per one that is kept as completed, as MEMORY USAGE tells of each key. The event stream is left out:
 * its length is bounded.
 *
 * @param {string} side
 */
export async function bytesOf(side) {
  const perJob = (/** @type {string} */ measure, /** @type {number} */ jobs) =>
    inRedis(async (store) => {
      await runSide(side, measure, store, jobs);
      const redis = new Redis(store.url);
      const bytes = await usageOf(redis);
      redis.disconnect();
      return bytes / jobs;
    });
  return { waiting: await perJob('fill', WAITING), completed: await perJob('complete', COMPLETED) };
}

/** @param {Redis} redis */
async function usageOf(redis) {
  let bytes = 0;
  for await (const keys of redis.scanStream({ count: 1_000 })) {
    const asked = redis.pipeline();
    for (const key of keys) if (!key.endsWith(':events')) asked.memory('USAGE', key, 'SAMPLES', 0);
    for (const [error, usage] of (await asked.exec()) ?? []) {
      if (error) throw error;
      bytes += Number(usage ?? 0);
    }
  }
  return bytes;
}
