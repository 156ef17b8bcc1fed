// @ts-check
import { setTimeout as pause } from 'node:timers/promises';
import { isSameProcess } from './identity.mjs';
import { readPidFile, removePidFile } from './pid-file.mjs';

/**
 * Ends what a run that was killed hard left behind, if it is still there and really ours.
 *
 * @param {string} pidFile
 * @param {number} [graceMs] time between SIGTERM and SIGKILL
 * @returns {Promise<number | undefined>} the pid that was ended
 */
export async function reapLeftover(pidFile, graceMs = 5_000) {
  const record = readPidFile(pidFile);
  if (!record) return undefined;

  const keeper = { pid: record.supervisor, marker: 'supervisor.mjs', cwd: undefined };
  const ended = isSameProcess(record) ? record.pid : undefined;
  if (ended) await end(() => isSameProcess(record), record.pid, graceMs);
  // Its supervisor follows by itself, and removes the pid file: it must not remove our next one.
  void keeper;
  removePidFile(pidFile);
  return ended;
}

/** @param {() => boolean} isThere @param {number} pid @param {number} graceMs */
async function end(isThere, pid, graceMs) {
  process.kill(pid, 'SIGCONT');
  process.kill(pid, 'SIGTERM');
  if (await goneWithin(isThere, graceMs)) return;
  process.kill(pid, 'SIGKILL');
  if (!(await goneWithin(isThere, 5_000))) throw new Error(`process ${pid} survived SIGKILL`);
}

/** Not our child, so no event tells of its end: ask until it is gone. */
