import type { ConnectionOptions } from 'node:tls';
import { describe, HiddenValue, type OptionChecker } from './option-checker.js';

/** One Redis, sentinel or cluster node. */
export interface RedisNode {
  /** Name or address. */
  readonly host: string;
  /** Defaults to 6379, for sentinels to 26379. */
  readonly port?: number;
}

/** How to reach Redis, when a URL does not say enough. */
export interface RedisConnectionOptions {
  /** `redis://user:password@host:port/db`, or `rediss://` for TLS. The other fields win over its parts. */
  readonly url?: string;
  /** Defaults to `127.0.0.1`. */
  readonly host?: string;
  /** Defaults to 6379. */
  readonly port?: number;
  /** ACL user. */
  readonly username?: string;
  /**
   * The password, or a function that fetches it: called before every connect, so that a rotated secret is taken without a
   * restart. A cluster takes only a text.
   */
  readonly password?: string | (() => string | Promise<string>);
  /** Database number, 0 to 15. Defaults to 0; a cluster has only 0. */
  readonly db?: number;
  /** `true`, or options of `node:tls` such as `{ ca }`. */
  readonly tls?: boolean | ConnectionOptions;
  /** Sentinels that know the master; needs `name`. */
  readonly sentinels?: readonly RedisNode[];
  /** Name of the master that the sentinels watch. */
  readonly name?: string;
  /** Password of the sentinels themselves. */
  readonly sentinelPassword?: string;
  /** Start nodes of a Redis Cluster. */
  readonly cluster?: readonly RedisNode[];
}

/** A checked target; never log it, it holds the password. */
export interface RedisTarget extends Omit<RedisConnectionOptions, 'url' | 'tls' | 'password'> {
  readonly tls?: ConnectionOptions;
  readonly password?: string;
  /** Set when the password is fetched anew before every connect; `password` is then the first one. */
  readonly fetchPassword?: () => Promise<string>;
}

const KEYS = [
  'url', 'host', 'port', 'username', 'password', 'db', 'tls', 'sentinels', 'name', 'sentinelPassword', 'cluster',
]; // prettier-ignore
const MAX_DB = 15;

/** Checks a `redis` option. Errors name the field and never show the value: it may hold a password. */
export function toRedisTarget(check: OptionChecker, field: string, value: unknown): RedisTarget {
  if (typeof value === 'string') return fromUrl(check, field, value);
  const { url, tls, password, ...given } = check.object(field, value, KEYS) as RedisConnectionOptions;
  const { tls: tlsOfUrl, ...base } = url === undefined ? {} : fromUrl(check, `${field}.url`, url);
  const target: RedisTarget = {
    ...base,
    ...withoutUndefined(given),
    ...toPassword(password),
    ...toTls(check, `${field}.tls`, tls ?? tlsOfUrl),
  };
  if (target.fetchPassword && target.cluster) {
    check.fail(`${field}.password`, 'a text; a cluster cannot fetch it', password);
  }
  for (const text of ['host', 'username', 'password', 'name', 'sentinelPassword'] as const) {
    if (target[text] !== undefined && (typeof target[text] !== 'string' || target[text] === '')) {
      check.fail(`${field}.${text}`, 'a text that is not empty', kindOf(target[text]));
    }
  }
  if (target.port !== undefined) check.integer(`${field}.port`, target.port, 1, 65_535);
  if (target.db !== undefined) check.integer(`${field}.db`, target.db, 0, target.cluster ? 0 : MAX_DB);
  checkNodes(check, `${field}.sentinels`, target.sentinels);
  checkNodes(check, `${field}.cluster`, target.cluster);
  if (target.sentinels && target.cluster)
    check.fail(`${field}.sentinels`, 'left out when cluster is given', target.sentinels);
  if (target.sentinels && !target.name)
    check.fail(`${field}.name`, 'the name of the master that the sentinels watch', undefined);
  return target;
}

/** The target with its first password, where that has to be fetched. */
export async function withPassword(target: RedisTarget): Promise<RedisTarget> {
  return target.fetchPassword ? { ...target, password: await target.fetchPassword() } : target;
}

function toPassword(password: RedisConnectionOptions['password']): Partial<RedisTarget> {
  if (typeof password !== 'function') return password === undefined ? {} : { password };
  return { password: undefined, fetchPassword: async () => password() };
}

/** Where the target is, for messages: no user, no password. */
export function describeTarget(target: RedisTarget): string {
  if (target.cluster) return `cluster of ${target.cluster.map(hostAndPort).join(', ')}`;
  if (target.sentinels)
    return `master "${target.name}" of sentinels ${target.sentinels.map(hostAndPort).join(', ')}`;
  return hostAndPort({ host: target.host ?? '127.0.0.1', port: target.port });
}

function fromUrl(check: OptionChecker, field: string, value: string): RedisTarget {
  const expected = 'a URL like redis://user:password@host:6379/0';
  const cure = 'percent-encode special characters of the password';
  let url: URL;
  try {
    url = new URL(value);
  } catch {
    return check.fail(field, `${expected} (${cure})`, new HiddenValue('a text that is no URL'));
  }
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:') {
    // Without a scheme, in `user:password@host`, this may be a secret.
    const scheme = value.startsWith(`${url.protocol}//`)
      ? `a URL with ${url.protocol}//`
      : 'a text without it';
    check.fail(field, `${expected}, with redis:// or rediss://`, new HiddenValue(scheme));
  }
  if (url.hash || url.search || !url.hostname) {
    check.fail(field, `${expected} (${cure})`, new HiddenValue('a URL with "#" or "?", or without a host'));
  }
  const db = url.pathname.replace(/^\//, '');
  // With an unescaped "/" in the password the rest of the password stands here.
  if (!/^\d*$/.test(db)) {
    check.fail(field, `${expected} (${cure})`, new HiddenValue('a URL whose database is not a number'));
  }
  if (Number(db) > MAX_DB) {
    const where = `the database ${db.length > 8 ? 'of a longer number' : db}`;
    check.fail(field, `${expected}, with a database from 0 to ${MAX_DB}`, new HiddenValue(where));
  }
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port ? Number(url.port) : 6379,
    db: Number(db),
    ...(url.username ? { username: decode(url.username) } : {}),
    ...(url.password ? { password: decode(url.password) } : {}),
    ...(url.protocol === 'rediss:' ? { tls: {} } : {}),
  };
}

/** An option that a ConfigService does not know is `undefined`: the same as left out. */
function withoutUndefined<T extends object>(given: T): Partial<T> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function toTls(check: OptionChecker, field: string, tls: unknown): Pick<RedisTarget, 'tls'> {
  if (tls === undefined || tls === false) return {};
  if (tls === true) return { tls: {} };
  if (typeof tls === 'object' && tls !== null && !Array.isArray(tls)) return { tls };
  return check.fail(field, 'true, false or an object with options of node:tls', kindOf(tls));
}

function checkNodes(check: OptionChecker, field: string, nodes: unknown): void {
  if (nodes === undefined) return;
  if (!Array.isArray(nodes) || nodes.length === 0) {
    const got = Array.isArray(nodes) ? new HiddenValue('an empty list') : kindOf(nodes);
    check.fail(field, 'a list of { host, port }', got);
  }
  for (const [index, node] of (nodes as unknown[]).entries()) {
    const { host, port } = check.object(`${field}[${index}]`, node, ['host', 'port']);
    if (typeof host !== 'string' || host === '') check.fail(`${field}[${index}].host`, 'a host name', host);
    if (port !== undefined) check.integer(`${field}[${index}].port`, port, 1, 65_535);
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function kindOf(value: unknown): HiddenValue {
  if (typeof value !== 'string') return new HiddenValue(describe(value));
  return new HiddenValue(value === '' ? 'an empty text' : 'a text');
}

function hostAndPort(node: RedisNode): string {
  return node.port === undefined ? node.host : `${node.host}:${node.port}`;
}
