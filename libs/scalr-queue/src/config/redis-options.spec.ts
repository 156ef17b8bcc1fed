import * as fc from 'fast-check';
import { QueueConfigError } from '../contract/errors/configuration.errors.js';
import { OptionChecker } from '../contract/option-checker.js';
import { describeTarget, toRedisTarget, withPassword } from './redis-options.js';

const check = new OptionChecker(QueueConfigError);
const parse = (value: unknown) => toRedisTarget(check, 'SCALR_REDIS_URL', value);
const messageOf = (value: unknown): string => {
  try {
    parse(value);
  } catch (error) {
    if (error instanceof QueueConfigError) return error.message;
    throw error;
  }
  throw new Error('it was accepted');
};
const URL_RULE = 'expected SCALR_REDIS_URL to be a URL like redis://user:password@host:6379/0';
const CURE = 'percent-encode special characters of the password';

describe('a URL', () => {
  it.each<[string, object]>([
    ['redis://scalr-redis:6379/0', { host: 'scalr-redis', port: 6379, db: 0 }],
    ['redis://scalr-redis', { host: 'scalr-redis', port: 6379, db: 0 }],
    ['redis://h/99', { host: 'h', port: 6379, db: 99 }],
    ['redis://h?family=6&db=2', { host: 'h', port: 6379, db: 2, family: 6 }],
    ['redis://[::1]:7000/?family=6', { host: '::1', port: 7000, db: 0, family: 6 }],
    ['unix:///run/redis%20a.sock', { path: '/run/redis a.sock', db: 0 }],
    [
      'unix://app:p%40ss@/run/r.sock?db=16',
      { path: '/run/r.sock', db: 16, username: 'app', password: 'p@ss' },
    ],
    ['redis+unix:///run/r.sock', { path: '/run/r.sock', db: 0 }],
    ['redis://:s3cret@h:7000/15', { host: 'h', port: 7000, db: 15, password: 's3cret' }],
    ['redis://app:p%40ss%23%2F@h', { host: 'h', port: 6379, db: 0, username: 'app', password: 'p@ss#/' }],
    ['redis://app:p@ss@h/1', { host: 'h', port: 6379, db: 1, username: 'app', password: 'p@ss' }],
    ['redis://:100%25@h', { host: 'h', port: 6379, db: 0, password: '100%' }],
    ['redis://:100%@h', { host: 'h', port: 6379, db: 0, password: '100%' }],
    ['rediss://h', { host: 'h', port: 6379, db: 0, tls: {} }],
    ['redis://[::1]:6380', { host: '::1', port: 6380, db: 0 }],
  ])('%s is understood', (url, target) => expect(parse(url)).toEqual(target));

  it.each<[string, string]>([
    ['redis://app:s3cret#x@h:6379/0', `${URL_RULE} (${CURE}), got: a string that is not a URL`],
    [
      'redis://app:12#s3cret@h:6379/0',
      `${URL_RULE} (${CURE}), got: a URL with "#" or "?", or without a host`,
    ],
    [
      'redis://app:12?s3cret@h:6379/0',
      `${URL_RULE} (${CURE}), got: a URL with "#" or "?", or without a host`,
    ],
    ['redis://app:s3cret/x@h:6379/0', `${URL_RULE} (${CURE}), got: a string that is not a URL`],
    ['redis://app:12/s3cret@h:6379/0', `${URL_RULE} (${CURE}), got: a URL whose database is not a number`],
    ['redis://', `${URL_RULE} (${CURE}), got: a URL with "#" or "?", or without a host`],
    ['http://app:s3cret@h', `${URL_RULE}, with redis:// or rediss://, got: a URL with http://`],
    ['s3cret:app@h', `${URL_RULE}, with redis:// or rediss://, got: a string without it`],
    ['redis://app:s3cret@h:99999/0', `${URL_RULE} (${CURE}), got: a string that is not a URL`],
    [
      'redis://app:s3cret@h/9999999999',
      `${URL_RULE}, with a database from 0 to 2147483647, got: the database of a longer number`,
    ],
    ['unix://app:s3cret@', `${URL_RULE} (${CURE}), got: a string that is not a URL`],
    [
      'unix://tmp/s3cret.sock',
      `${URL_RULE} (${CURE}), got: a unix:// URL with a host: three slashes begin a path`,
    ],
    ['redis://:s3cret@h?family=5', `${URL_RULE} (${CURE}), got: a URL whose family is not 0, 4 or 6`],
    ['redis://:s3cret@h/1?db=2', `${URL_RULE} (${CURE}), got: a URL that names its database twice`],
    ['redis://:s3cret@h?db=x', `${URL_RULE} (${CURE}), got: a URL whose database is not a number`],
    ['redis://app:12/1234567890@h', `${URL_RULE} (${CURE}), got: a URL whose database is not a number`],
    ['s3cret', `${URL_RULE} (${CURE}), got: a string that is not a URL`],
    ['', `${URL_RULE} (${CURE}), got: a string that is not a URL`],
  ])('%s is refused, and not shown', (url, message) => {
    expect(messageOf(url)).toBe(message);
    expect(messageOf(url)).not.toContain('s3cret');
  });

  it('never shows its password, whatever is wrong with it', () => {
    const awkward = fc.stringMatching(/^[#/?@:%\\a-z0-9]{1,12}$/).map((end) => `s3cret${end}`);
    const broken = fc.constantFrom<(password: string) => string>(
      (password) => `redis://app:${password}@h:99999/0`,
      (password) => `redis://app:${password}@h/99x`,
      (password) => `http://app:${password}@h`,
      (password) => `redis://app:1/${password}@h:1/0`,
      (password) => `${password}:x@h`,
      (password) => `app:${password}@h:6379`,
      (password) => `redis:/app:${password}@h?x=y`,
      (password) => ` redis//:${password}`,
    );
    fc.assert(
      fc.property(awkward, broken, (password, make) => {
        expect(messageOf(make(password)).toLowerCase()).not.toContain('s3cret');
      }),
    );
  });

  it('is wrong when it is no text', () => {
    expect(messageOf(undefined)).toBe('expected SCALR_REDIS_URL to be an object, got: undefined');
    expect(messageOf(6379)).toBe('expected SCALR_REDIS_URL to be an object, got: 6379');
    expect(messageOf({ url: 6379 })).toContain('expected SCALR_REDIS_URL.url to be a URL');
  });
});

describe('options', () => {
  it('win over the parts of the URL, but not when they are undefined', () => {
    const url = 'redis://app:one@h:7000/3';
    expect(parse({ url, password: 'two', db: 4 })).toMatchObject({ username: 'app', password: 'two', db: 4 });
    expect(parse({ url, password: undefined, host: undefined, port: undefined })).toEqual(parse(url));
  });

  it('name a socket or a server, whichever stands beside the URL', () => {
    expect(parse({ url: 'redis://app:one@h:7000/3', path: '/run/r.sock' })).toEqual({
      path: '/run/r.sock',
      db: 3,
      username: 'app',
      password: 'one',
    });
    expect(parse({ url: 'unix:///run/r.sock?db=2', host: 'h' })).toEqual({ host: 'h', db: 2 });
    for (const family of [0, 4, 6]) expect(parse({ host: 'h', family })).toEqual({ host: 'h', family });
    for (const port of [1, 65_535]) expect(parse({ host: 'h', port })).toEqual({ host: 'h', port });
    expect(parse({ cluster: [{ host: 'a', port: 1 }], db: 0 })).toMatchObject({ db: 0 });
  });

  it('fetch the password before it is used, where they say how', async () => {
    const target = parse({ host: 'h', password: () => 'first' });
    expect(target).toEqual({ host: 'h', fetchPassword: expect.any(Function) });
    expect(await withPassword(target)).toMatchObject({ host: 'h', password: 'first' });
    const plain = parse({ host: 'h', password: 'fixed' });
    expect(await withPassword(plain)).toBe(plain);
  });

  it('turn TLS on and off', () => {
    expect(parse({ host: 'h', tls: true })).toEqual({ host: 'h', tls: {} });
    expect(parse({ host: 'h', tls: { ca: 'pem' } })).toEqual({ host: 'h', tls: { ca: 'pem' } });
    expect(parse({ url: 'rediss://h' }).tls).toEqual({});
    expect(parse({ url: 'rediss://h', tls: false })).not.toHaveProperty('tls');
    expect(messageOf({ host: 'h', tls: 's3cret' })).toBe(
      'expected SCALR_REDIS_URL.tls to be true, false or an object with options of node:tls, got: a string',
    );
  });

  it('name sentinels or the nodes of a cluster', () => {
    const nodes = [{ host: 'a', port: 26379 }, { host: 'b' }];
    expect(parse({ sentinels: nodes, name: 'main' })).toEqual({ sentinels: nodes, name: 'main' });
    expect(parse({ cluster: nodes, tls: true })).toEqual({ cluster: nodes, tls: {} });
  });

  it.each<[object, string]>([
    [{ host: '' }, 'expected SCALR_REDIS_URL.host to be a string that is not empty, got: an empty string'],
    [{ path: '' }, 'expected SCALR_REDIS_URL.path to be a string that is not empty, got: an empty string'],
    [{ username: '' }, 'expected SCALR_REDIS_URL.username to be a string that is not empty, got: an empty string'],
    [{ name: 5, sentinels: [{ host: 'a' }] }, 'expected SCALR_REDIS_URL.name to be a string that is not empty, got: 5'],
    [{ sentinelPassword: '' }, 'expected SCALR_REDIS_URL.sentinelPassword to be a string that is not empty, got: an empty string'],
    [{ port: 0 }, 'expected SCALR_REDIS_URL.port to be an integer from 1 to 65535, got: 0'],
    [{ password: 5 }, 'expected SCALR_REDIS_URL.password to be a string that is not empty, got: 5'],
    [{ port: 99_999 }, 'expected SCALR_REDIS_URL.port to be an integer from 1 to 65535, got: 99999'],
    [{ db: -1 }, 'expected SCALR_REDIS_URL.db to be an integer from 0 to 2147483647, got: -1'],
    [{ family: 5 }, 'expected SCALR_REDIS_URL.family to be 0, 4 or 6, got: 5'],
    [
      { path: '/run/r.sock', host: 'a' },
      'expected SCALR_REDIS_URL.path to be left out when host, sentinels or cluster is given, got: a string',
    ],
    [
      { path: '/run/r.sock', sentinels: [{ host: 'a' }], name: 'main' },
      'expected SCALR_REDIS_URL.path to be left out when host, sentinels or cluster is given, got: a string',
    ],
    [
      { path: '/run/r.sock', cluster: [{ host: 'a' }] },
      'expected SCALR_REDIS_URL.path to be left out when host, sentinels or cluster is given, got: a string',
    ],
    [{ tls: { ca: 'x', cert: 's3cret' } }, 'expected SCALR_REDIS_URL.tls to be certificates and keys in PEM that node:tls can read, got: others'],
    [{ tls: 5 }, 'expected SCALR_REDIS_URL.tls to be true, false or an object with options of node:tls, got: 5'],
    [{ tls: [] }, 'expected SCALR_REDIS_URL.tls to be true, false or an object with options of node:tls, got: an array'],
    [{ cluster: [{ host: 'a' }], db: 1 }, 'expected SCALR_REDIS_URL.db to be an integer from 0 to 0, got: 1'],
    [{ sentinels: [{ host: 'a' }] }, 'expected SCALR_REDIS_URL.name to be the name of the master that the sentinels watch, got: undefined'],
    [{ sentinels: [] , name: 'main' }, 'expected SCALR_REDIS_URL.sentinels to be a list of { host, port }, got: an empty list'],
    [{ cluster: 'redis://:s3cret@h' }, 'expected SCALR_REDIS_URL.cluster to be a list of { host, port }, got: a string'],
    [{ cluster: [{ host: '' }] }, 'expected SCALR_REDIS_URL.cluster[0].host to be a host name, got: ""'],
    [{ cluster: [{ host: 'a', port: 0 }] }, 'expected SCALR_REDIS_URL.cluster[0].port to be an integer from 1 to 65535, got: 0'],
    [{ cluster: [{ hots: 'a' }] }, 'unknown option "hots" in SCALR_REDIS_URL.cluster[0], did you mean "host"?'],
    [{ pasword: 's3cret' }, 'unknown option "pasword" in SCALR_REDIS_URL, did you mean "password"?'],
    [{ sentinels: [{ host: 'a' }], cluster: [{ host: 'a' }], name: 'm' }, 'expected SCALR_REDIS_URL.sentinels to be left out when cluster is given, got: an array'],
  ])('%o are refused', (options, message) => expect(messageOf(options)).toBe(message)); // prettier-ignore

  it.each(['keyPrefix', 'maxRetriesPerRequest', 'commandTimeout', 'lazyConnect'])(
    'of the client that the library sets itself are refused: %s',
    (key) => expect(messageOf({ host: 'h', [key]: 1 })).toContain(`unknown option "${key}"`),
  );
});

describe('describeTarget', () => {
  it('says where Redis is, without user and password', () => {
    const secret = { username: 'app', password: 's3cret', sentinelPassword: 's3cret' };
    expect(describeTarget(parse('redis://app:s3cret@h:7000/3'))).toBe('h:7000');
    expect(describeTarget({})).toBe('127.0.0.1');
    expect(describeTarget(parse('unix://app:s3cret@/run/r.sock'))).toBe('/run/r.sock');
    expect(describeTarget({ ...secret, cluster: [{ host: 'a', port: 1 }, { host: 'b' }] })).toBe(
      'cluster of a:1, b',
    );
    expect(describeTarget({ ...secret, name: 'main', sentinels: [{ host: 'a' }] })).toBe(
      'master "main" of sentinels a',
    );
  });
});
