// @ts-check
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';

/**
 * Whether the process that has this pid now is the one the record tells of: pids are reused,
 * so a number in an old file proves nothing.
 *
 * @param {{ pid: number, marker: string, cwd: string }} record
 */
export function isSameProcess({ pid, marker, cwd }) {
  try {
    return commandLine(pid).includes(marker) && workingDirectory(pid) === realpathSync(cwd);
  } catch {
    return false; // Gone, or not ours to look into.
  }
}

const hasProc = existsSync('/proc/self/cmdline');

/** @param {number} pid */
function commandLine(pid) {
  return hasProc
    ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
    : ask('ps', ['-ww', '-o', 'command=', '-p', String(pid)]);
}

/** @param {number} pid */
function workingDirectory(pid) {
  if (hasProc) return readlinkSync(`/proc/${pid}/cwd`);
  const fields = ask('lsof', ['-a', '-p', String(pid), '-d', 'cwd', '-Fn']).split('\n');
  return fields.find((field) => field.startsWith('n'))?.slice(1);
}

/** @param {string} command @param {string[]} args */
function ask(command, args) {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}
