import { infoField } from './redis-info.js';
import { isOptional } from './redis-commands.js';
import type { Finding } from '../../finding.js';
import type { RedisClient } from '../connection/redis.client.js';

/** What INFO and TIME say of a Redis server; undefined where they may not be asked. */
export interface ServerFacts {
  readonly version?: string;
  readonly evictionPolicy?: string;
  readonly aofEnabled?: boolean;
  readonly role?: string;
  /** Clock of Redis less our own, in milliseconds. */
  readonly clockOffset?: number;
}

const OLDEST_VERSION = [6, 2];
const CLOCK_TOLERANCE = 1_000;

export async function readServerFacts(redis: RedisClient): Promise<ServerFacts> {
  const [info, clockOffset] = await Promise.all([redis.info().catch(() => ''), clockOffsetOf(redis)]);
  const field = (name: string) => infoField(info, name);
  const aof = field('aof_enabled');
  return {
    version: field('valkey_version') ?? field('redis_version'),
    evictionPolicy: field('maxmemory_policy'),
    aofEnabled: aof === undefined ? undefined : aof === '1',
    role: field('role'),
    clockOffset,
  };
}

/** What the facts and the missing commands mean for the app. */
export function findingsOf(facts: ServerFacts, missing: readonly string[], prefix: string): Finding[] {
  const findings: Finding[] = [];
  const add = (severity: Finding['severity'], problem: string, cure: string) =>
    findings.push({ severity, problem, cure });
  const cureOf = (commands: readonly string[]) =>
    `Grant it: ACL SETUSER <user> ~${prefix}:* ${commands.map((name) => `+${name}`).join(' ')}; scalr-queue acl prints the whole list`;
  const needed = missing.filter((name) => !isOptional(name));
  const wished = missing.filter(isOptional);
  if (needed.length > 0)
    add('fatal', `The Redis user may not use ${needed.join(', ')} on ${prefix}:*`, cureOf(needed));
  if (wished.length > 0)
    add(
      'warning',
      `The Redis user may not use ${wished.join(', ')} on ${prefix}:*, so that no history is kept`,
      cureOf(wished),
    );
  if (facts.version !== undefined && isOlder(facts.version)) {
    add('warning', `Redis ${facts.version} is older than ${OLDEST_VERSION.join('.')}`, 'Upgrade Redis');
  }
  if (facts.evictionPolicy !== undefined && facts.evictionPolicy !== 'noeviction') {
    add(
      'danger',
      `JOBS CAN BE LOST: maxmemory-policy is ${facts.evictionPolicy}, under which Redis deletes jobs when its memory is full`,
      'Start Redis with --maxmemory-policy noeviction',
    );
  }
  if (facts.aofEnabled === false) {
    add(
      'danger',
      'JOBS CAN BE LOST: the append-only file is off, so a restart of Redis forgets jobs',
      'Start Redis with --appendonly yes --appendfsync everysec',
    );
  }
  if (facts.role === 'slave') {
    add(
      'fatal',
      'This Redis is a replica and takes no writes',
      'Point SCALR_REDIS_URL at the master, or use sentinels',
    );
  }
  if (facts.clockOffset !== undefined && Math.abs(facts.clockOffset) > CLOCK_TOLERANCE) {
    // Whole seconds: what is logged anew whenever it differs must not differ by the hair of a measurement.
    const seconds = Math.round(Math.abs(facts.clockOffset) / 1_000);
    const direction = facts.clockOffset > 0 ? 'behind' : 'ahead of';
    add(
      'warning',
      `The clock of this process is ${seconds} s ${direction} that of Redis; delays and schedules are off by as much`,
      'Synchronise the clocks (NTP)',
    );
  }
  return findings;
}

async function clockOffsetOf(redis: RedisClient): Promise<number | undefined> {
  const before = Date.now();
  try {
    const [seconds, micros] = await redis.time();
    const ours = (before + Date.now()) / 2;
    return Number(seconds) * 1_000 + Number(micros) / 1_000 - ours;
  } catch {
    return undefined;
  }
}

function isOlder(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_VERSION;
  return major < oldestMajor || (major === oldestMajor && minor < oldestMinor);
}
