// @ts-check
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFaketime } from '../faketime/find.mjs';
import { findPgBouncer } from '../pgbouncer/find.mjs';
import { findPresentPrometheus } from '../prometheus/find.mjs';
import { findRedisServer } from '../redis/find.mjs';

/**
 * What some tests need that not every machine has, by the word that follows "needs" in their titles, and how to see whether
 * it is there.
 *
 * @type {Record<string, () => boolean | Promise<boolean>>}
 */
const needs = {
  promtool: () => findPresentPrometheus() !== undefined,
  libfaketime: async () => (await findFaketime()) !== undefined,
  PgBouncer: async () => (await findPgBouncer()) !== undefined,
  script: () => spawnSync('script', ['--version']).status === 0,
  mount: canMount,
  'a disk in memory': () => freeBytes('/dev/shm') >= 2_000_000_000 || canMount(),
  'network namespaces': () => succeeds('ip netns add sq-probe-$$ && ip netns del sq-probe-$$'),
  'Redis 7.4': async () => (await redisVersion()).localeCompare('7.4', 'en', { numeric: true }) >= 0,
};

/** @typedef {keyof typeof needs} Need */

/** A title with what its test needs. @param {string} title @param {readonly string[]} [wanted] */
export const titled = (title, wanted = []) =>
  wanted.length > 0 ? `${title} (needs ${wanted.join(' and ')})` : title;

/**
 * Skipped tests that this machine could have run: those whose needs are all there, and those that name none.
 *
 * @param {readonly string[]} titles of what was skipped
 * @param {Record<string, () => boolean | Promise<boolean>>} [probes]
 * @returns {Promise<string[]>}
 */
export async function unexcused(titles, probes = needs) {
  /** @type {Map<string, Promise<boolean>>} */
  const known = new Map();
  /** @param {string} need */
  const isThere = (need) => {
    const answer = known.get(need) ?? Promise.resolve(probes[need]?.() ?? true);
    known.set(need, answer);
    return answer;
  };
  const found = [];
  for (const title of titles) {
    const wanted = [...title.matchAll(/\(needs ([^)]+)\)/g)].flatMap(([, list = '']) => list.split(' and '));
    const there = await Promise.all(wanted.map(isThere));
    if (there.every(Boolean)) found.push(title);
  }
  return found;
}

function canMount() {
  const folder = mkdtempSync(join(tmpdir(), 'scalr-mount-'));
  try {
    return succeeds('mount -t tmpfs tmpfs "$0" && umount "$0"', folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @param {string} line of the shell @param {string[]} args `$0` and on */
function succeeds(line, ...args) {
  return spawnSync('sh', ['-c', line, ...args], { stdio: 'ignore' }).status === 0;
}

/** @param {string} folder */
function freeBytes(folder) {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return 0;
  }
}

async function redisVersion() {
  const found = await findRedisServer();
  if (!found) return '0';
  const text = execFileSync(found.server, ['--version'], { env: found.env, encoding: 'utf8' });
  return /v=(\S+)/.exec(text)?.[1] ?? '0';
}
