import type { RedisClient } from '../connection/redis.client.js';
import { surveyKeys } from './key.survey.js';

const LONG = () => Date.now() + 60_000;
const own = (key: string) => `scalr:{shop}:${key}`;
const many = (count: number, name: (n: number) => string) => Array.from({ length: count }, (_, n) => name(n));

/** A Redis with these keys, which hands them out in steps; each takes a hundred bytes. */
function redisOf(keys: readonly string[], mayMeasure = true) {
  const asked: unknown[][] = [];
  const redis = {
    dbsize: async () => keys.length,
    scan: async (cursor: string, _count: string, step: number) => {
      const next = Number(cursor) + step;
      return [next < keys.length ? String(next) : '0', keys.slice(Number(cursor), next)];
    },
    call: async (...args: string[]) => {
      asked.push(args);
      if (!mayMeasure) throw new Error('NOPERM');
      return keys.includes(args[2]!) ? 100 : null;
    },
  } as unknown as RedisClient;
  return { redis, asked };
}

describe('a survey of keys', () => {
  it('counts those of each app, the largest first, and measures its own', async () => {
    const { redis, asked } = redisOf([
      own('default:wait'),
      own('default:1'),
      own('default:2'),
      own('~workers'),
      'scalr:{other}:default:wait',
      'session:1',
      'bull:mail:wait',
    ]);
    expect(await surveyKeys(redis, 'shop', ['default'], LONG())).toEqual({
      keys: 7,
      seen: 7,
      apps: [
        { app: 'shop', keys: 4 },
        { app: 'other', keys: 1 },
      ],
      foreign: 2,
      // The lists of a queue are measured one by one, of which one is there.
      measured: 4,
      ownBytes: 400,
    });
    expect(asked.filter(([, , key]) => !String(key).startsWith('scalr:{shop}:'))).toEqual([]);
  });

  it('measures some hundreds of them, and estimates the others', async () => {
    const { redis } = redisOf([own('default:wait'), ...many(1_999, (n) => own(`default:${n}`))]);
    expect(await surveyKeys(redis, 'shop', ['default'], LONG())).toMatchObject({
      seen: 2_000,
      measured: 301,
      ownBytes: 200_000,
    });
  });

  it('ends when its time is over, after one step, and estimates the rest', async () => {
    const { redis } = redisOf(many(2_000, (n) => (n % 2 === 0 ? own(`default:${n}`) : `session:${n}`)));
    expect(await surveyKeys(redis, 'shop', [], Date.now() - 1)).toEqual({
      keys: 2_000,
      seen: 500,
      apps: [{ app: 'shop', keys: 250 }],
      foreign: 250,
      measured: 250,
      ownBytes: 100_000,
    });
  });

  it('tells no memory where Redis does not allow the question', async () => {
    const { redis } = redisOf([own('default:1')], false);
    const survey = await surveyKeys(redis, 'shop', ['default'], LONG());
    expect(survey).toMatchObject({ seen: 1, measured: 0 });
    expect(survey).not.toHaveProperty('ownBytes');
  });

  it('of an empty Redis finds nothing', async () => {
    const { redis } = redisOf([]);
    expect(await surveyKeys(redis, 'shop', ['default'], LONG())).toEqual({
      keys: 0,
      seen: 0,
      apps: [],
      foreign: 0,
      measured: 0,
      ownBytes: 0,
    });
  });
});
