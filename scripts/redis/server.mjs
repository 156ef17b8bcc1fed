// @ts-check
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../process/ports.mjs';
import { reapLeftover } from '../process/reap.mjs';
import { supervise } from '../process/supervise.mjs';
import { answersPing } from './ping.mjs';

/**
 * @typedef {import('./server.d.mts').RedisServerOptions} RedisServerOptions
 * @typedef {import('./server.d.mts').RunningRedis} RunningRedis
 */

const startDeadline = 30_000; // A long append-only file takes a while to load.
const attempts = 5;

/** What every Redis of ours runs with: it loses at most a second, and never evicts a job. */
export const durableSettings = [
  ['--appendonly', 'yes'],
  ['--appendfsync', 'everysec'],
  ['--maxmemory-policy', 'noeviction'],
  ['--save', ''],
].flat();

/**
 * Starts a private Redis on 127.0.0.1 that keeps its data in `dir` and dies with this process.
 * Resolves when it takes commands.
 *
 * @param {RedisServerOptions} options
 * @returns {Promise<RunningRedis>}
 */
export async function startRedisServer(options) {
  mkdirSync(options.dir, { recursive: true });
  await reapLeftover(pidFileIn(options.dir));

  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort());
    try {
      return await launch(options, port);
    } catch (error) {
      const lostTheRace = !options.port && String(error).includes('Address already in use');
      if (!lostTheRace || attempt === attempts) throw error;
    }
  }
}

/** @param {RedisServerOptions} options @param {number} port @returns {Promise<RunningRedis>} */
async function launch({ binaries, dir, args = [] }, port) {
  const logFile = join(dir, 'redis.log');
  const output = openSync(logFile, 'w');
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, ...durableSettings];
  const child = await supervise({
    command: binaries.server,
    args: [...settings, ...args],
    cwd: dir,
    env: binaries.env,
    stdout: output,
    stderr: output,
    pidFile: pidFileIn(dir),
  }).finally(() => closeSync(output));

  if (!(await becomesReady(child, port, child.pid))) {
    await child.stop();
    throw new Error(`redis-server did not start: ${lastLines(logFile)}`);
  }
  const { pid, exited, signal, stop } = child;
  return { pid, port, dir, url: `redis://127.0.0.1:${port}`, logFile, exited, signal, stop };
}

/**
 * @param {import('../process/supervise.d.mts').SupervisedProcess} child
 * @param {number} port
 * @param {number} [pid] of the Redis itself, where it can be known
 */
export async function becomesReady(child, port, pid) {
  const state = { running: true };
  void child.exited.then(() => (state.running = false));
  const deadline = Date.now() + startDeadline;
  while (state.running && Date.now() < deadline) {
    if ((await answersPing(port, pid)) && state.running) return true;
    await pause(10);
  }
  return false;
}

/** @param {string} dir */
function pidFileIn(dir) {
  return join(dir, 'pid.json');
}

/** @param {string} file */
function lastLines(file) {
  return readFileSync(file, 'utf8').trim().split('\n').slice(-5).join('\n');
}
