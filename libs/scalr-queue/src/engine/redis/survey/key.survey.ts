import { setTimeout as pause } from 'node:timers/promises';
import type { RedisClient } from '../connection/redis.client.js';

/** What the keys of a Redis say of the apps that share it. */
export interface KeySurvey {
  /** Keys of the database. */
  readonly keys: number;
  /** Keys looked at; fewer than all of them when the time was over first. */
  readonly seen: number;
  /** By app, counted among those seen; the largest first. */
  readonly apps: readonly { readonly app: string; readonly keys: number }[];
  /** Keys that belong to no app, counted among those seen. */
  readonly foreign: number;
  /** Estimate of the memory of the own app in bytes, of all its keys; undefined where MEMORY USAGE may not be asked. */
  readonly ownBytes?: number;
  /** Own keys whose memory was measured. */
  readonly measured: number;
}

/** Keys of a step: each takes Redis well below a millisecond, and others come in between. */
const STEP = 500;
const MAX_KEYS = 500_000;
const SAMPLE = 300;
const KEYS_PER_SLICE = 50;
const APP_OF_KEY = /^scalr:\{([^}]+)\}:/;
/** The parts of a queue that hold all of its jobs: one key each, of any size. */
const PARTS = ['wait', 'active', 'prioritized', 'delayed', 'completed', 'failed', 'events'] as const;

/**
 * Walks over the names of the keys in small steps until all are seen or the time is over, and measures a random sample of
 * those of the app. Names of other apps are counted, nothing of theirs is read.
 */
export async function surveyKeys(
  redis: RedisClient,
  app: string,
  queues: readonly string[],
  deadline: number,
): Promise<KeySurvey> {
  const prefix = `scalr:{${app}}:`;
  const parts = new Set(queues.flatMap((queue) => PARTS.map((part) => `${prefix}${queue}:${part}`)));
  const apps = new Map<string, number>();
  const sample: string[] = [];
  const keys = await redis.dbsize();
  let [cursor, seen, foreign, small] = ['0', 0, 0, 0];
  do {
    const [next, names] = await redis.scan(cursor, 'COUNT', STEP);
    cursor = next;
    seen += names.length;
    for (const name of names) {
      const owner = APP_OF_KEY.exec(name)?.[1];
      if (owner === undefined) foreign++;
      else apps.set(owner, (apps.get(owner) ?? 0) + 1);
      if (owner !== app || parts.has(name)) continue;
      small++;
      // Each has the same chance to be measured.
      const place = sample.length < SAMPLE ? sample.length : Math.floor(Math.random() * small);
      if (place < SAMPLE) sample[place] = name;
    }
    await pause(1);
  } while (cursor !== '0' && seen < MAX_KEYS && Date.now() < deadline);
  const scale = cursor === '0' || seen === 0 ? 1 : Math.max(1, keys / seen);
  const exact = await measure(redis, [...parts]);
  // A job has few fields, and one of them is nearly all of it: a guess from five fields, as Redis makes it, misses that.
  const sampled = await measure(redis, sample, 'SAMPLES', '0');
  const ownBytes = exact && sampled && exact.bytes + (sampled.bytes / (sampled.count || 1)) * small * scale;
  return {
    keys,
    seen: Math.min(seen, keys),
    apps: [...apps]
      .map(([name, count]) => ({ app: name, keys: count }))
      .toSorted((one, other) => other.keys - one.keys),
    foreign,
    measured: (exact?.count ?? 0) + (sampled?.count ?? 0),
    ...(ownBytes === undefined ? {} : { ownBytes: Math.round(ownBytes) }),
  };
}

/** Undefined when Redis does not allow it. */
async function measure(redis: RedisClient, keys: readonly string[], ...samples: string[]) {
  let [bytes, count] = [0, 0];
  for (let from = 0; from < keys.length; from += KEYS_PER_SLICE) {
    const asked = keys
      .slice(from, from + KEYS_PER_SLICE)
      .map((key) => redis.call('MEMORY', 'USAGE', key, ...samples));
    const sizes = await Promise.all(asked).catch(() => undefined);
    if (!sizes) return undefined;
    for (const size of sizes) {
      if (typeof size !== 'number') continue;
      bytes += size;
      count++;
    }
    await pause(1);
  }
  return { bytes, count };
}
