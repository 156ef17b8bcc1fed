// @ts-check
import { readdirSync, readFileSync } from 'node:fs';
import { Redis } from 'ioredis';

/** Of the clock by which Linux counts the CPU of a process. */
const TICKS_PER_SECOND = 100;
const MICROSECONDS = 1_000_000;

/**
 * How the CPU that a store has used is read, in microseconds: of Redis that of its main thread, of PostgreSQL that of all its processes,
 * which Linux tells, and NaN elsewhere.
 *
 * @param {string} url @param {number} pid of the server
 * @returns {() => Promise<number>}
 */
export function storeCpu(url, pid) {
  if (!url.startsWith('redis:')) return async () => cpuOfTree(pid);
  const redis = new Redis(url);
  return () => cpuOfRedis(redis);
}

/** @param {Redis} redis */
export async function cpuOfRedis(redis) {
  const info = await redis.info('cpu');
  const of = (/** @type {string} */ kind) =>
    Number(new RegExp(`used_cpu_${kind}_main_thread:(\\S+)`).exec(info)?.[1] ?? NaN);
  return (of('user') + of('sys')) * MICROSECONDS;
}

/** Of a process, in microseconds: of the threads that it has, to the nanosecond where the kernel tells. @param {number} pid */
export function cpuOf(pid) {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const spent = threads.map(
      (id) => readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'utf8').split(' ')[0],
    );
    return spent.reduce((sum, nanoseconds) => sum + Number(nanoseconds), 0) / 1_000;
  } catch {
    return ticks(statOf(pid).slice(11, 13));
  }
}

/** Of a process, of those that it has started and of those that have ended. @param {number} pid */
function cpuOfTree(pid) {
  const own = statOf(pid);
  if (own.length === 0) return NaN;
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => statOf(Number(name)))
    .filter((stat) => stat[1] === String(pid));
  return ticks(own.slice(11, 15)) + children.reduce((sum, stat) => sum + ticks(stat.slice(11, 13)), 0);
}

/** The fields after the name, from the state on; none where there is no such process. @param {number} pid */
function statOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  } catch {
    return [];
  }
}

/** @param {string[]} counts */
const ticks = (counts) =>
  counts.length === 0
    ? NaN
    : (counts.reduce((sum, one) => sum + Number(one), 0) * MICROSECONDS) / TICKS_PER_SECOND;

/** Megabytes that a process holds. @param {number} pid */
export function memoryOf(pid) {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? NaN) / 1_024;
  } catch {
    return NaN;
  }
}
