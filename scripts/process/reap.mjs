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

  const ended = await end(record, graceMs);
  // Its supervisor removes the pid file on its way out: it must not remove the next one's.
  await end({ ...record, pid: record.supervisor, marker: 'supervisor.mjs' }, graceMs);
  removePidFile(pidFile);
  return ended ? record.pid : undefined;
}

/** @param {import('./pid-file.mjs').ProcessRecord} record @param {number} graceMs */
async function end(record, graceMs) {
  if (!isSameProcess(record)) return false;
  signal(record.pid, 'SIGCONT');
  signal(record.pid, 'SIGTERM');
  if (await isGoneWithin(graceMs, record)) return true;
  signal(record.pid, 'SIGKILL');
  if (await isGoneWithin(5_000, record)) return true;
  throw new Error(`process ${record.pid}, left by an earlier run, does not end: stop it by hand`);
}

/**
 * Not our child, so no event tells of its end: ask until it is gone.
 *
 * @param {number} milliseconds
 * @param {import('./pid-file.mjs').ProcessRecord} record
 */
async function isGoneWithin(milliseconds, record) {
  const deadline = Date.now() + milliseconds;
  while (isSameProcess(record)) {
    if (Date.now() > deadline) return false;
    await pause(20);
  }
  return true;
}

/** @param {number} pid @param {NodeJS.Signals} name */
function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch {
    // Gone between the question and the signal.
  }
}
