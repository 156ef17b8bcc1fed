import { HiddenValue, type OptionChecker } from '../contract/option-checker.js';
import type { RedisTarget } from './redis-options.js';

const SERVER = /^rediss?:$/;
const SOCKET = /^(?:unix|redis\+unix|redis[+-]socket):$/;
/** Schemes that are shown where they do not belong. */
const FOREIGN = /^(?:https?|wss?|tcp|valkeys?|amqps?|mongodb|mysql|postgres|postgresql):$/;
const EXPECTED = 'a URL like redis://user:password@host:6379/0';
const CURE = 'percent-encode special characters of the password';
/** The highest number that a database can have. */
export const MAX_DB = 2_147_483_647;
const MALFORMED = 'a URL with "#" or "?", or without a host';
const FAMILIES = ['0', '4', '6'];

/** Reads the URL of a Redis. Errors never show what may be a part of the password. */
export function targetOfUrl(check: OptionChecker, field: string, value: string): RedisTarget {
  const fail = (got: string, expected = `${EXPECTED} (${CURE})`): never =>
    check.fail(field, expected, new HiddenValue(got));
  const url = parse(value);
  if (!url) return fail('a string that is not a URL');
  const isSocket = SOCKET.test(url.protocol);
  if (!isSocket && !SERVER.test(url.protocol)) {
    // Any other one, as in `user:password@host`, may be a secret.
    const isScheme = FOREIGN.test(url.protocol) && value.startsWith(`${url.protocol}//`);
    fail(
      isScheme ? `a URL with ${url.protocol}//` : 'a string without it',
      `${EXPECTED}, with redis:// or rediss://`,
    );
  }
  if (url.hash) fail(MALFORMED);
  const { db: queriedDb, family } = query(url, fail);
  const common = {
    ...(url.username ? { username: decode(url.username) } : {}),
    ...(url.password ? { password: decode(url.password) } : {}),
    ...(family === undefined ? {} : { family: Number(family) as 0 | 4 | 6 }),
  };
  if (isSocket) {
    if (url.hostname && url.hostname !== 'localhost')
      fail('a unix:// URL with a host: three slashes begin a path');
    if (url.pathname.length < 2) fail('a unix:// URL without a path');
    return { path: decode(url.pathname), db: toDb(queriedDb, fail), ...common };
  }
  if (!url.hostname) fail(MALFORMED);
  const db = url.pathname.replace(/^\//, '');
  if (db && queriedDb !== undefined) fail('a URL that names its database twice');
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port ? Number(url.port) : 6379,
    db: toDb(db || queriedDb, fail),
    ...common,
    ...(url.protocol === 'rediss:' ? { tls: {} } : {}),
  };
}

type Fail = (got: string, expected?: string) => never;

function parse(value: string): URL | undefined {
  try {
    // A URL that has a user must have a host, which a socket does not.
    return new URL(value.replace(/^([a-z+-]+:\/\/[^/]*@)\//, '$1localhost/'));
  } catch {
    return undefined;
  }
}

function query(url: URL, fail: Fail): { db?: string; family?: string } {
  // With an unescaped "?" in the password the rest of the password stands here.
  if (url.search && !/^\?(?:(?:db|family)=[^&]*(?:&|$))+$/.test(url.search)) {
    fail(MALFORMED);
  }
  const { db, family } = Object.fromEntries(url.searchParams) as { db?: string; family?: string };
  if (family !== undefined && !FAMILIES.includes(family)) fail('a URL whose family is not 0, 4 or 6');
  return { db, family };
}

function toDb(text: string | undefined, fail: Fail): number {
  if (text === undefined || text === '') return 0;
  // With an unescaped "/" in the password the rest of the password stands here.
  if (!/^\d+$/.test(text)) fail('a URL whose database is not a number');
  if (Number(text) > MAX_DB)
    fail('the database of a longer number', `${EXPECTED}, with a database from 0 to ${MAX_DB}`);
  return Number(text);
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
