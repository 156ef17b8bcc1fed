import { setTimeout as pause } from 'node:timers/promises';
import type { RedisClient } from '../connection/redis.client.js';

/** The keys of one app, as far as they were looked at. */
export interface AppKeys {
  readonly app: string;
  readonly keys: number;
  /** Keys that hold all jobs of a queue: one each, of any size. */
  readonly parts: readonly string[];
  /** Some of the others, each with the same chance. */
  readonly sample: readonly string[];
}

const STEP = 500;
const SAMPLE = 50;
const APP_OF_KEY = /^scalr:\{([^}]+)\}:/;
/** A job has few fields, and one of them is nearly all of it: a guess from five fields, as Redis makes it, misses that. */
const WHOLE = ['SAMPLES', '0'];
const PART = /:(?:wait|active|prioritized|delayed|completed|failed|events)$/;

/** Walks over the names of all keys in small steps until all are seen or the time is over. */
export async function walkKeys(
  redis: RedisClient,
  deadline: number,
): Promise<{ readonly apps: readonly AppKeys[]; readonly complete: boolean }> {
  const apps = new Map<string, { app: string; keys: number; parts: string[]; sample: string[] }>();
  let cursor = '0';
  do {
    const [next, names] = await redis.scan(cursor, 'COUNT', STEP);
    cursor = next;
    for (const name of names) {
      const app = APP_OF_KEY.exec(name)?.[1];
      if (app === undefined) continue;
      let found = apps.get(app);
      if (!found) apps.set(app, (found = { app, keys: 0, parts: [], sample: [] }));
      found.keys++;
      if (PART.test(name)) {
        found.parts.push(name);
        continue;
      }
      const small = found.keys - found.parts.length;
      const place = found.sample.length < SAMPLE ? found.sample.length : Math.floor(Math.random() * small);
      if (place < SAMPLE) found.sample[place] = name;
    }
    await pause(1);
  } while (cursor !== '0' && Date.now() < deadline);
  return { apps: [...apps.values()], complete: cursor === '0' };
}

/** About how many bytes the keys of an app take; undefined where MEMORY USAGE may not be asked. */
export async function measureApp(
  redis: RedisClient,
  { keys, parts, sample }: AppKeys,
): Promise<number | undefined> {
  const sizesOf = async (names: readonly string[], ...samples: string[]) => {
    const sizes = await Promise.all(names.map((name) => redis.call('MEMORY', 'USAGE', name, ...samples)));
    return sizes.reduce<number>((sum, size) => sum + (typeof size === 'number' ? size : 0), 0);
  };
  try {
    const [large, small] = await Promise.all([sizesOf(parts), sizesOf(sample, ...WHOLE)]);
    return Math.round(large + (small / (sample.length || 1)) * (keys - parts.length));
  } catch {
    return undefined;
  }
}
