import { resolveOptions } from './resolved-options.js';

const BASE = { app: 'billing', redis: 'redis://h' };
const resolve = (options: object, environment = {}) => resolveOptions({ ...BASE, ...options }, environment);
const messageOf = (options: object, environment = {}): string => {
  try {
    resolve(options, environment);
  } catch (error) {
    expect(error).toMatchObject({ code: 'QUEUE_CONFIG' });
    return (error as Error).message;
  }
  throw new Error('it was accepted');
};

describe('options of the module', () => {
  it('are filled in with the documented defaults', () => {
    expect(resolve({})).toMatchObject({
      app: 'billing',
      prefix: 'scalr:{billing}',
      redis: { host: 'h', port: 6379, db: 0 },
      payloadLimit: 262_144,
      resultLimit: 262_144,
      fastPath: 'auto',
      worker: { concurrency: 10, lockDuration: 30_000, stalledInterval: 5_000, maxCrashes: 3 },
    });
  });

  it('come from the environment where they are left out, and win over it', () => {
    const environment = {
      app: 'shop',
      redisUrl: 'redis://elsewhere',
      workerConcurrency: 3,
      fastPath: 'off',
    } as const;
    expect(resolveOptions({}, environment)).toMatchObject({
      prefix: 'scalr:{shop}',
      redis: { host: 'elsewhere' },
      worker: { concurrency: 3 },
      fastPath: 'off',
    });
    expect(resolve({ fastPath: 'auto', worker: { concurrency: 7 } }, environment)).toMatchObject({
      app: 'billing',
      redis: { host: 'h' },
      worker: { concurrency: 7 },
      fastPath: 'auto',
    });
  });

  it('take durations in any form', () => {
    const queues = { mail: { rateLimit: { max: 100, per: '1m' } } };
    expect(resolve({ queues, worker: { lockDuration: '2s', stalledInterval: 1_000 } })).toMatchObject({
      worker: { lockDuration: 2_000, stalledInterval: 1_000 },
    });
    expect(resolve({ queues }).queues.get('mail')).toMatchObject({ rateLimit: { max: 100, per: 60_000 } });
  });

  it('say what is missing, and how to give it', () => {
    expect(() => resolveOptions({ app: 'billing' }, {})).toThrow(
      'no Redis is configured: set SCALR_REDIS_URL, or the option redis, to a URL like redis://scalr-redis:6379/0',
    );
    expect(() => resolveOptions({ redis: 'redis://h' }, {})).toThrow('the app has no name: set SCALR_APP');
  });

  it('name the variable, not the value, of a wrong URL', () => {
    const wrong = () => resolveOptions({ app: 'billing' }, { redisUrl: 'http://:s3cret@h' });
    expect(wrong).toThrow(/^expected SCALR_REDIS_URL to be a URL like/);
    expect(wrong).not.toThrow(/s3cret/);
  });

  it.each<[object, string]>([
    [{ app: '' }, 'expected app to be 1 to 64 characters of letters, digits, "_", "." and "-", beginning with a letter or digit, got: ""'],
    [{ app: 'a b' }, 'got: "a b"'],
    [{ app: 'a*' }, 'got: "a*"'],
    [{ app: 'a:b{c}' }, 'got: "a:b{c}"'],
    [{ app: 'x'.repeat(65) }, 'expected app to be 1 to 64 characters'],
    [{ app: 7 }, 'expected app to be 1 to 64 characters'],
    [{ unhandled: 'error' }, 'expected unhandled to be one of "warn", "refuse", "ignore", got: "error"'],
    [{ fastPath: true }, 'expected fastPath to be one of "auto", "off", got: true'],
    [{ worker: { concurrency: 0 } }, 'expected worker.concurrency to be an integer from 1 to 1000, got: 0'],
    [{ worker: { concurrency: -1 } }, 'expected worker.concurrency to be an integer from 1 to 1000, got: -1'],
    [{ worker: { concurrency: Number.NaN } }, 'expected worker.concurrency to be an integer from 1 to 1000, got: NaN'],
    [{ worker: { concurrency: '5' } }, 'expected worker.concurrency to be an integer from 1 to 1000, got: "5"'],
    [{ worker: { concurrency: Infinity } }, 'expected worker.concurrency to be an integer from 1 to 1000, got: Infinity'],
    [{ worker: { concurrency: 1e6 } }, 'expected worker.concurrency to be an integer from 1 to 1000, got: 1000000'],
    [{ worker: { lockDuration: 9_999 } }, 'expected worker.lockDuration to be at least twice worker.stalledInterval (10000 ms), got: 9999'],
    [{ worker: { stalledInterval: '16s' } }, 'expected worker.lockDuration to be at least twice worker.stalledInterval (32000 ms), got: 30000'],
    [{ worker: { stalledInterval: 0 } }, 'expected worker.stalledInterval to be a duration from 100 to 3600000 ms'],
    [{ worker: { maxCrashes: 0 } }, 'expected worker.maxCrashes to be an integer from 1 to 100, got: 0'],
    [{ worker: { lockduration: 1 } }, 'unknown option "lockduration" in worker, did you mean "lockDuration"?'],
    [{ worker: 5 }, 'expected worker to be an object, got: 5'],
    [{ queues: { mail: { concurrency: 0 } } }, 'expected queues.mail.concurrency to be an integer from 1 to 1000, got: 0'],
    [{ queues: { mail: { concurency: 1 } } }, 'unknown option "concurency" in queues.mail, did you mean "concurrency"?'],
    [{ queues: { mail: { rateLimit: { max: 0, per: '1m' } } } }, 'expected queues.mail.rateLimit.max to be an integer from 1 to 1000000, got: 0'],
    [{ queues: { mail: { rateLimit: { max: 1 } } } }, 'expected queues.mail.rateLimit.per to be a duration from 1 to'],
    [{ queues: { 'a:b': {} } }, 'expected the name of a queue in queues to be 1 to 128 characters'],
    [{ queues: { '': {} } }, 'expected the name of a queue in queues to be 1 to 128 characters'],
    [{ queues: { mail: null } }, 'expected queues.mail to be an object, got: null'],
    [{ queues: ['mail'] }, 'expected queues to be an object, got: an array'],
    [{ queues: 'mail' }, 'expected queues to be an object, got: "mail"'],
    [{ defaults: { retry: { attempts: 0 } } }, 'expected defaults.retry.attempts to be an integer from 1 to 100, got: 0'],
    [{ defaults: { timout: 1 } }, 'unknown option "timout" in defaults, did you mean "timeout"?'],
    [{ payloadLimit: 0 }, 'expected payloadLimit to be an integer from 1 to 16777216, got: 0'],
    [{ resultLimit: '1mb' }, 'expected resultLimit to be an integer from 1 to 16777216, got: "1mb"'],
    [{ ap: 'x' }, 'unknown option "ap" in the options of ScalrQueueModule, did you mean "app"?'],
    [{ redis: { keyPrefix: 'x' } }, 'unknown option "keyPrefix" in redis'],
    [{ prefix: 'x' }, 'unknown option "prefix" in the options of ScalrQueueModule'],
  ])('are refused with the field and the bound: %o', (options, message) => {
    expect(messageOf(options)).toContain(message);
  }); // prettier-ignore

  it.each([null, 'x', 5, []])('are an object, not %o', (options) => {
    expect(() => resolveOptions(options as never, {})).toThrow(
      /^expected the options of ScalrQueueModule to be an object, got: /,
    );
  });
});
