import { type ConnectionOptions, createSecureContext } from 'node:tls';
import { MAX_DB, targetOfUrl } from './redis-url.js';
import { describe, HiddenValue, type OptionChecker } from '../contract/option-checker.js';

/** One Redis, sentinel or cluster node. */
export interface RedisNode {
  /** Name or address. */
  readonly host: string;
  /** Defaults to 6379, for sentinels to 26379. */
  readonly port?: number;
}

/** How to reach Redis, when a URL is not enough. */
export interface RedisConnectionOptions {
  /**
   * `redis://user:password@host:port/db`, or `rediss://` for TLS, or `unix:///path/redis.sock?db=1`; `?family=6` as below.
   * The other fields win over its parts.
   */
  readonly url?: string;
  /** Defaults to `127.0.0.1`. */
  readonly host?: string;
  /** Defaults to 6379. */
  readonly port?: number;
  /** Path of a unix socket, instead of host and port. */
  readonly path?: string;
  /** 4 or 6: only addresses of that version of IP. Defaults to 0: what the name resolves to. */
  readonly family?: 0 | 4 | 6;
  /** ACL user. */
  readonly username?: string;
  /**
   * The password, or a function that fetches it: called before every connect, so that a rotated secret is taken without a
   * restart.
   */
  readonly password?: string | (() => string | Promise<string>);
  /** Database number; a Redis has 0 to 15 unless its `databases` is set. Defaults to 0; a cluster has only 0. */
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
  'url', 'host', 'port', 'path', 'family', 'username', 'password', 'db', 'tls', 'sentinels', 'name', 'sentinelPassword', 'cluster',
]; // prettier-ignore
const FAMILIES: readonly unknown[] = [0, 4, 6];

/** Checks a `redis` option. Errors name the field and never show the value: it may hold a password. */
export function toRedisTarget(check: OptionChecker, field: string, value: unknown): RedisTarget {
  if (typeof value === 'string') return targetOfUrl(check, field, value);
  const { url, tls, password, ...given } = check.object(field, value, KEYS) as RedisConnectionOptions;
  const { tls: tlsOfUrl, ...base } = url === undefined ? {} : targetOfUrl(check, `${field}.url`, url);
  const target: RedisTarget = {
    ...(given.path === undefined ? base : { ...base, host: undefined, port: undefined }),
    ...(given.host === undefined ? {} : { path: undefined }),
    ...withoutUndefined(given),
    ...toPassword(password),
    ...toTls(check, `${field}.tls`, tls ?? tlsOfUrl),
  };
  for (const text of ['host', 'path', 'username', 'password', 'name', 'sentinelPassword'] as const) {
    if (target[text] !== undefined && (typeof target[text] !== 'string' || target[text] === '')) {
      check.fail(`${field}.${text}`, 'a string that is not empty', kindOf(target[text]));
    }
  }
  if (target.family !== undefined && !FAMILIES.includes(target.family)) {
    check.fail(`${field}.family`, '0, 4 or 6', target.family);
  }
  if (given.path !== undefined && (given.host !== undefined || target.sentinels || target.cluster)) {
    check.fail(`${field}.path`, 'left out when host, sentinels or cluster is given', kindOf(given.path));
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
  if (target.path !== undefined) return target.path;
  return hostAndPort({ host: target.host ?? '127.0.0.1', port: target.port });
}

/** An option that a ConfigService does not know is `undefined`: the same as left out. */
function withoutUndefined<T extends object>(given: T): Partial<T> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function toTls(check: OptionChecker, field: string, tls: unknown): Pick<RedisTarget, 'tls'> {
  if (tls === undefined || tls === false) return {};
  if (tls === true) return { tls: {} };
  if (typeof tls === 'object' && tls !== null && !Array.isArray(tls)) {
    try {
      // What is wrong with it would end the connection for good.
      createSecureContext(tls);
    } catch {
      check.fail(field, 'certificates and keys in PEM that node:tls can read', new HiddenValue('others'));
    }
    return { tls };
  }
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

function kindOf(value: unknown): HiddenValue {
  if (typeof value !== 'string') return new HiddenValue(describe(value));
  return new HiddenValue(value === '' ? 'an empty string' : 'a string');
}

function hostAndPort(node: RedisNode): string {
  return node.port === undefined ? node.host : `${node.host}:${node.port}`;
}
