// @ts-check
import { isSameProcess } from '../process/identity.mjs';
import { readPidFile, removePidFile, writePidFile } from '../process/pid-file.mjs';
import { reapLeftover } from '../process/reap.mjs';
import { root } from '../workspace/root.mjs';
import { pidFileOf } from './application.mjs';

const ownFile = pidFileOf('start');
const self = { pid: process.pid, supervisor: process.pid, marker: 'start.mjs', cwd: root };

/** Two runs would share data and pid files: the second one would take the first for a leftover. */
export function claimRun() {
  const other = readPidFile(ownFile);
  if (other && other.pid !== process.pid && isSameProcess(other)) {
    throw new Error(`npm start is already running here (process ${other.pid}): stop it first`);
  }
  writePidFile(ownFile, self);
}

export function releaseRun() {
  if (readPidFile(ownFile)?.pid === process.pid) removePidFile(ownFile);
}

/** Ends what an earlier run left behind; Redis looks after itself. @param {string[]} names */
export async function reapApplications(...names) {
  await Promise.all(
    names.map(async (name) => {
      const pid = await reapLeftover(pidFileOf(name));
      if (pid) console.log(`ended ${name} (process ${pid}), left by an earlier run`);
    }),
  );
}
