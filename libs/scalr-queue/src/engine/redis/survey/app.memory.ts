import { setTimeout as pause } from 'node:timers/promises';
import type { AppMemory, MemoryPart, UniqueKey } from '../../app-memory.js';
import { nameOfStoredId, timeOfStoredId } from '../../job-id.js';
import type { RedisClient } from '../connection/redis.client.js';
import { readableValuesOf } from '../pipeline-replies.js';

const STEP = 500;
/** Of each part so many keys are measured. */
const SAMPLE = 30;
const KEYS_PER_SLICE = 50;
const LARGEST = 10;
const SHOWN_UNIQUE = 100;
const UNIQUE_SAMPLE = 1_000;
/** Parts that are told apart; jobs of further kinds are counted together. */
const MAX_PARTS = 500;
const LISTS = new Set([
  'wait',
  'active',
  'prioritized',
  'delayed',
  'completed',
  'failed',
  'paused',
  'stalled',
]);
/** A job has few fields, and one of them is nearly all of it: a guess from five fields, as Redis makes it, misses that. */
const WHOLE = ['SAMPLES', '0'];

interface Part extends Omit<MemoryPart, 'keys' | 'bytes'> {
  keys: number;
  /** Each of its keys has the same chance to be here. */
  readonly sample: string[];
}

/**
 * Walks over the names of the keys of an app in small steps, and measures a random sample of those of each part. Nothing of a job is read but
 * its name.
 * @param deadline epoch milliseconds
 */
export async function surveyMemory(redis: RedisClient, app: string, deadline: number): Promise<AppMemory> {
  const prefix = `scalr:{${app}}:`;
  const parts = new Map<string, Part>();
  const unique = { count: 0, sample: [] as string[] };
  let [cursor, keys] = ['0', 0];
  do {
    const [next, names] = await redis.scan(cursor, 'MATCH', `${escaped(prefix)}*`, 'COUNT', STEP);
    cursor = next;
    keys += names.length;
    for (const name of names) {
      const of = partOf(name.slice(prefix.length));
      const part = partIn(parts, of);
      take(part.sample, name, ++part.keys, SAMPLE);
      if (of.what === 'unique keys') take(unique.sample, name, ++unique.count, UNIQUE_SAMPLE);
    }
    await pause(1);
  } while (cursor !== '0' && Date.now() < deadline);
  const measured: MemoryPart[] = [];
  const largest: AppMemory['largest'][number][] = [];
  for (const { sample, ...part } of parts.values()) {
    const sizes = await measure(redis, sample, part.what === 'jobs' ? WHOLE : []);
    const sum = sizes.reduce((total, size) => total + size, 0);
    measured.push({ ...part, bytes: Math.round((sum / (sample.length || 1)) * part.keys) });
    if (part.what !== 'jobs') continue;
    for (const [at, bytes] of sizes.entries()) {
      const storedId = sample[at]!.slice(prefix.length + part.queue!.length + 1);
      largest.push({ queue: part.queue!, storedId, bytes });
    }
  }
  return {
    app,
    at: new Date(),
    complete: cursor === '0',
    keys,
    bytes: measured.reduce((sum, { bytes }) => sum + bytes, 0),
    parts: measured.toSorted((one, other) => other.bytes - one.bytes),
    largest: largest.toSorted((one, other) => other.bytes - one.bytes).slice(0, LARGEST),
    unique: { count: unique.count, oldest: await ownersOf(redis, prefix, unique.sample) },
  };
}

/** No name of an app or a queue holds a colon. */
function partOf(rest: string): Omit<Part, 'keys' | 'sample'> {
  const at = rest.indexOf(':');
  if (at < 0 || rest.startsWith('~')) return { what: 'of the app' };
  const [queue, key] = [rest.slice(0, at), rest.slice(at + 1)];
  if (LISTS.has(key)) return { queue, what: 'lists' };
  if (key === 'events') return { queue, what: 'events' };
  if (key.startsWith('de:') || key.startsWith('dn:')) return { queue, what: 'unique keys' };
  if (key.endsWith(':logs')) return { queue, what: 'logs' };
  if (key.endsWith(':lock')) return { queue, what: 'locks' };
  const kind = nameOfStoredId(key);
  if (kind !== undefined) return { queue, what: 'jobs', kind };
  return { queue, what: /^\d+$/.test(key) ? 'jobs' : 'other' };
}

function partIn(parts: Map<string, Part>, of: Omit<Part, 'keys' | 'sample'>): Part {
  const full: Omit<Part, 'keys' | 'sample'> =
    parts.size < MAX_PARTS || of.kind === undefined ? of : { queue: of.queue!, what: of.what };
  for (const one of [of, full]) {
    const found = parts.get(idOf(one));
    if (found) return found;
  }
  const part = { ...full, keys: 0, sample: [] };
  parts.set(idOf(full), part);
  return part;
}

const idOf = ({ queue = '', what, kind = '' }: Omit<Part, 'keys' | 'sample'>) => `${queue} ${what} ${kind}`;

/** Each of `seen` has the same chance to be among the `size` that are kept. */
function take(sample: string[], name: string, seen: number, size: number): void {
  const place = sample.length < size ? sample.length : Math.floor(Math.random() * seen);
  if (place < size) sample[place] = name;
}

/** Bytes of each of these, 0 for one that is gone. @throws ReplyError where it may not be asked */
async function measure(
  redis: RedisClient,
  keys: readonly string[],
  samples: readonly string[],
): Promise<number[]> {
  const sizes: number[] = [];
  for (let from = 0; from < keys.length; from += KEYS_PER_SLICE) {
    const asked = keys
      .slice(from, from + KEYS_PER_SLICE)
      .map((key) => redis.call('MEMORY', 'USAGE', key, ...samples));
    for (const size of await Promise.all(asked)) sizes.push(typeof size === 'number' ? size : 0);
  }
  return sizes;
}

/** Who holds these unique keys, the oldest first. Those that are gone by now, or belong to a job that comes after another, are left out. */
async function ownersOf(redis: RedisClient, prefix: string, keys: readonly string[]): Promise<UniqueKey[]> {
  const held = keys.filter((key) => /^[^:]*:de:/.test(key.slice(prefix.length)));
  const owners: UniqueKey[] = [];
  for (let from = 0; from < held.length; from += STEP) {
    const slice = held.slice(from, from + STEP);
    const asked = redis.pipeline();
    for (const key of slice) asked.get(key);
    for (const [at, storedId] of readableValuesOf(await asked.exec()).entries()) {
      if (typeof storedId !== 'string') continue;
      const [queue = ''] = slice[at]!.slice(prefix.length).split(':', 1);
      const since = timeOfStoredId(storedId);
      owners.push({ queue, storedId, ...(since === undefined ? {} : { since: new Date(since) }) });
    }
  }
  const ageOf = ({ since }: UniqueKey) => (since === undefined ? Infinity : +since);
  return owners.toSorted((one, other) => ageOf(one) - ageOf(other)).slice(0, SHOWN_UNIQUE);
}

/** For a pattern. */
const escaped = (text: string) => text.replaceAll(/[\\*?[\]]/g, String.raw`\$&`);
