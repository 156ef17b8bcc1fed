import { Redis } from 'ioredis';
import { defineJob, type EnqueueOptions, QueuesService } from 'scalr-queue';
import { onTestFinished } from 'vitest';
import { startProducer, uniqueApp } from '../support/apps.js';
import { sharedRedisUrl } from '../support/redis.js';

const Note = defineJob<{ text: string }>('note');

/** All keys of an app, with what differs from job to job and moment to moment replaced. */
async function contentsOf(app: string, ids: readonly string[]): Promise<Record<string, unknown>> {
  const redis = new Redis(sharedRedisUrl());
  onTestFinished(() => redis.disconnect());
  const clean = (text: string) =>
    ids
      .reduce((line, id, index) => line.replaceAll(id, `job ${index}`), text)
      .replaceAll(app, 'app')
      .replaceAll(/\d{16}/g, '1')
      .replaceAll(/\d{13}(-\d+)?/g, '0');
  const keys = (await redis.keys(`scalr:{${app}}:default:*`)).toSorted();
  const read = async (key: string): Promise<unknown> => {
    const type = await redis.type(key);
    if (type === 'string') return redis.get(key);
    if (type === 'list') return redis.lrange(key, 0, -1);
    if (type === 'zset') return redis.zrange(key, '0', '-1', 'WITHSCORES');
    if (type === 'stream') return redis.xrange(key, '-', '+');
    // Ours: for how long a chosen id is remembered.
    const { kid: _kid, ...fields } = await redis.hgetall(key);
    return { ...fields, ...(fields.opts ? { opts: JSON.parse(fields.opts) as object } : {}) };
  };
  const entries = await Promise.all(
    keys.map(async (key) => [clean(key), JSON.parse(clean(JSON.stringify(await read(key))))] as const),
  );
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

const OPTIONS: Record<string, EnqueueOptions> = {
  'a plain job': {},
  'a delayed job': { delay: '1h', retry: { attempts: 2 }, timeout: '1m' },
  'a job with a priority': { priority: 7, expiresIn: '1h' },
};

describe('the insert of a job with an id', () => {
  it.each(Object.entries(OPTIONS))('leaves in Redis what the engine leaves: %s', async (_what, options) => {
    const contents = [];
    for (const chosen of [false, true]) {
      const app = uniqueApp();
      const { queue, get } = await startProducer({ app, queues: { default: { globalConcurrency: 1 } } });
      const ids: string[] = [];
      for (const pausedFirst of [false, true]) {
        if (pausedFirst) await get(QueuesService).pause('default');
        const id = chosen ? { id: `chosen-${ids.length}` } : {};
        ids.push((await queue.enqueue(Note, { text: 'ü {} [] "' }, { ...options, ...id })).id);
      }
      contents.push(await contentsOf(app, ids));
    }
    expect(Object.keys(contents[0]!).length).toBeGreaterThan(4);
    expect(contents[1]).toEqual(contents[0]);
  });
});
