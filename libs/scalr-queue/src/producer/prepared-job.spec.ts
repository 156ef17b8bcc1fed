import { z } from 'zod';
import { InvalidOptionError, UnknownJobError } from '../contract/errors/configuration.errors.js';
import type { EnqueueOptions } from '../contract/enqueue-options.js';
import { type AnyJobDefinition, defineJob } from '../contract/job-definition.js';
import { resolveOptions } from '../config/resolved-options.js';
import { prepareJob } from './prepared-job.js';

const NOW = new Date('2030-01-01T00:00:00Z');
const HOUR = 3_600_000;
const appOf = (options = {}) => resolveOptions({ app: 'billing', redis: 'redis://h', ...options }, {});
const Plain = defineJob<unknown>('plain');

const prepare = (
  definition: AnyJobDefinition,
  payload: unknown,
  options: EnqueueOptions<never> = {},
  app = appOf(),
) => prepareJob(definition, payload, options, app);

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a prepared job', () => {
  it('has an id of its own, the defaults, and nothing that may be left out', async () => {
    const job = await prepare(Plain, { a: 1 });
    expect(job).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      name: 'plain',
      queue: 'default',
      json: '{"a":1}',
      contested: false,
      shared: expect.any(Object),
      options: {
        jobId: `plain~${job.id}`,
        timestamp: NOW.getTime(),
        attempts: 5,
        backoff: { type: 'scalr' },
        priority: 0,
        stackTraceLimit: 5,
        keepLogs: 100,
        removeOnComplete: { age: 86_400, count: 1_000 },
        removeOnFail: { age: 14 * 86_400, count: 10_000 },
      },
    });
  });

  it('shares its options with another one only where they are the same', async () => {
    const app = appOf();
    const sharedBy = async (...args: Parameters<typeof prepare>) => (await prepare(...args)).shared;
    const usual = await sharedBy(Plain, 1, {}, app);
    expect(usual).toBeDefined();
    expect(await sharedBy(Plain, 2, { id: 'chosen' }, app)).toBe(usual);
    expect(await sharedBy(defineJob<unknown>('other'), 1, {}, app)).not.toBe(usual);
    const calls: EnqueueOptions<never>[] = [
      { delay: '1s' },
      { priority: 1 },
      { retry: false },
      { timeout: '1s' },
      { expiresIn: '1s' },
      { unique: true },
    ];
    expect(await sharedBy(defineJob<number>('none', { tags: () => [] }), 1, {}, app)).toBeDefined();
    const Tagged = defineJob<string>('tagged', { tags: (text) => text.split(' ') });
    const acme = await sharedBy(Tagged, 'acme large', {}, app);
    expect(acme).toBeDefined();
    expect(await sharedBy(Tagged, 'acme large', {}, app)).toBe(acme);
    for (const tags of ['acme', 'large acme', 'hooli large'])
      expect(await sharedBy(Tagged, tags, {}, app)).not.toBe(acme);
    expect(await sharedBy(Tagged, 'acme large', { timeout: '1s' }, app)).toBeUndefined();
    for (let n = 0; n < 1_000; n++) await sharedBy(Tagged, `t${n}`, {}, app);
    expect(await sharedBy(Tagged, 'acme large', {}, app)).not.toBe(acme);
    for (const options of calls) expect(await sharedBy(Plain, 1, options, app)).toBeUndefined();
  });

  it('takes each setting from the call, else from the definition, else from the app', async () => {
    const app = appOf({ defaults: { priority: 1, retry: { attempts: 2 }, keep: { dead: { count: 7 } } } });
    const Defined = defineJob('defined', { priority: 3, retry: { attempts: 4 } });
    const attemptsAndPriority = async (...args: Parameters<typeof prepare>) => {
      const { options } = await prepare(...args);
      return [options.attempts, options.priority];
    };
    expect(await attemptsAndPriority(Plain, 1, {}, app)).toEqual([2, 1]);
    expect(await attemptsAndPriority(Defined, undefined, {}, app)).toEqual([4, 3]);
    expect(await attemptsAndPriority(Defined, undefined, { priority: 0, retry: false }, app)).toEqual([1, 0]);
    expect((await prepare(Plain, 1, {}, app)).options.removeOnFail).toEqual({ age: 14 * 86_400, count: 7 });
  });

  it('stores what differs from the definition beside the job', async () => {
    const { options } = await prepare(Plain, 1, {
      delay: '1h',
      expiresIn: '2h',
      timeout: '5s',
      retry: { attempts: 2 },
    });
    expect(options).toMatchObject({
      delay: HOUR,
      scalr: { expiresAt: NOW.getTime() + 3 * HOUR, timeout: 5_000, retry: { attempts: 2, delay: 1_000 } },
    });
  });

  it.each<[EnqueueOptions, number | undefined]>([
    [{ runAt: new Date(NOW.getTime() + HOUR) }, HOUR],
    [{ runAt: new Date(NOW.getTime() - HOUR) }, undefined],
    [{ delay: 0 }, undefined],
    [{ delay: 1 }, 1],
    [{ delay: '1y' }, 31_557_600_000],
  ])('with %o is delayed by %s ms', async (options, delay) => {
    expect((await prepare(Plain, 1, options as EnqueueOptions<never>)).options.delay).toBe(delay);
  });

  it('expires from its time on; where that is past, from now on', async () => {
    const expiryOf = async (options: EnqueueOptions<never>) =>
      ((await prepare(Plain, 1, options)).options as { scalr?: object }).scalr;
    const now = NOW.getTime();
    const past = new Date(now - HOUR);
    expect(await expiryOf({ runAt: past, expiresIn: '10m' })).toEqual({ expiresAt: now + HOUR / 6 });
    const later = new Date(now + HOUR);
    expect(await expiryOf({ runAt: later, expiresIn: '10m' })).toEqual({ expiresAt: now + HOUR + HOUR / 6 });
    const Defined = defineJob('defined', { expiresIn: '1h' });
    const { options } = await prepare(Defined, undefined);
    expect(options).toMatchObject({ scalr: { expiresAt: now + HOUR, expiresBy: 'definition' } });
  });

  it('tells a payload that is null from none', async () => {
    expect(await prepare(Plain, undefined)).toMatchObject({
      json: 'null',
      options: { scalr: { void: true } },
    });
    const { json, options } = await prepare(Plain, null);
    expect(json).toBe('null');
    expect(options).not.toHaveProperty('scalr');
  });

  it('holds a copy of the input of the schema, not its output', async () => {
    const Slow = defineJob('slow', {
      payload: z.object({
        n: z.coerce.number<string>().refine(() => Promise.resolve(true)),
        list: z.array(z.number()),
      }),
    });
    const payload = { n: '5', list: [1] };
    const preparing = prepare(Slow, payload);
    payload.list.push(2);
    expect(JSON.parse((await preparing).json)).toEqual({ n: '5', list: [1] });
  });

  it('may end as a duplicate when it has an id or a key', async () => {
    const chosen = await prepare(Plain, 1, { id: 'order-7' });
    expect([chosen.id, chosen.options.jobId, chosen.contested]).toEqual(['order-7', 'plain~order-7', true]);
    const unique = await prepare(Plain, { a: 1 }, { unique: { for: '1m', onConflict: 'replace' } });
    expect(unique.contested).toBe(true);
    expect(unique.options.deduplication).toMatchObject({ ttl: 60_000, replace: true, extend: true });
  });

  it('makes the key of the input of the schema', async () => {
    const key = vi.fn<(payload: { n: string }) => string>(({ n }) => n);
    const Keyed = defineJob('keyed', {
      payload: z.object({ n: z.coerce.number<string>() }),
      unique: { key },
    });
    await prepare(Keyed, { n: '5' });
    expect(key).toHaveBeenCalledExactlyOnceWith({ n: '5' });
  });
});

describe('a call that is wrong', () => {
  const wrong = (options: object) => () => prepare(Plain, 1, options);
  const YEAR = 366 * 24 * HOUR;

  it.each<[object, string]>([
    [{ signal: 'now' }, 'expected signal to be an AbortSignal, got: "now"'],
    [{ runAt: 'tomorrow' }, 'expected runAt to be a valid Date, got: "tomorrow"'],
    [{ runAt: new Date(Number.NaN) }, 'expected runAt to be a valid Date, got: an object'],
    [{ runAt: NOW, delay: 0 }, 'expected delay to be left out when runAt is given, got: 0'],
    [
      { runAt: new Date(NOW.getTime() + YEAR + 1) },
      'expected runAt to be at most one year from now, got: "2031-01-02T00:00:00.001Z"',
    ],
    [
      { retry: () => false },
      'expected retry to be false or an object; give a function to defineJob, it cannot be stored with one job, got: a function',
    ],
    [{ dely: 1 }, 'unknown option "dely" in the options of enqueue, did you mean "delay"?'],
  ])('says what is expected instead: %o', (options, message) => {
    expect(wrong(options)).toThrow(new InvalidOptionError(message));
  });

  it('may name a moment up to a year from now', () => {
    expect(wrong({ runAt: new Date(NOW.getTime() + YEAR) })).not.toThrow();
  });

  it('needs a definition, and no name of one', () => {
    expect(() => prepare('plain' as never, 1)).toThrow(
      new UnknownJobError(
        'expected a job definition made by defineJob(), got: "plain". Import the definition and pass it, not its name.',
      ),
    );
  });
});
