// @ts-check
/**
 * A process of its own that runs one command and never lets it outlive whoever asked for it.
 * The asker holds the other end of the IPC channel; when the asker dies, however hard, the
 * channel closes and the command is stopped. Started by supervise.mjs, never by hand.
 */
import { spawn } from 'node:child_process';
import { removePidFile, writePidFile } from './pid-file.mjs';

/**
 * @typedef {object} SupervisedCommand
 * @property {string} command
 * @property {string[]} args
 * @property {string} cwd
 * @property {NodeJS.ProcessEnv} env
 * @property {boolean} group     signal everything the command started, not only the command
 * @property {NodeJS.Signals} stopSignal what asks it to end
 * @property {number} graceMs    time between that signal and SIGKILL
 * @property {string} marker     text by which a leftover of this command is recognised
 * @property {string} [pidFile]
 */

process.on('SIGINT', () => {}); // Ctrl-C is the asker's business.
process.once('message', (message) => run(/** @type {SupervisedCommand} */ (message)));
process.once('disconnect', () => process.exit()); // The asker died before it said what to run.

/** @param {SupervisedCommand} spec */
function run(spec) {
  const child = spawn(spec.command, spec.args, {
    cwd: spec.cwd,
    env: spec.env,
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  });
  const terminate = () => stop(child, spec);

  process.removeAllListeners('disconnect');
  process.once('disconnect', terminate);
  process.once('SIGTERM', terminate);

  child.once('error', (error) => finish({ type: 'error', message: error.message }));
  child.once('spawn', () => {
    const pid = /** @type {number} */ (child.pid);
    if (spec.pidFile) {
      writePidFile(spec.pidFile, { pid, supervisor: process.pid, marker: spec.marker, cwd: spec.cwd });
    }
    tell({ type: 'spawned', pid });
  });
  child.once('exit', (code, signal) => {
    if (spec.pidFile) removePidFile(spec.pidFile);
    finish({ type: 'exited', code, signal, at: Date.now() });
  });
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {SupervisedCommand} spec
 */
function stop(child, spec) {
  const pid = child.pid;
  if (pid === undefined) return;
  const target = spec.group ? -pid : pid;
  kill(target, 'SIGCONT'); // A frozen process would sit on the signal for ever.
  kill(target, spec.stopSignal);
  setTimeout(() => kill(target, 'SIGKILL'), spec.graceMs);
}

/** @param {number} target @param {NodeJS.Signals} signal */
function kill(target, signal) {
  try {
    process.kill(target, signal);
  } catch {
    // Already gone.
  }
}

/** @param {object} message @param {() => void} [done] */
function tell(message, done = () => {}) {
  if (process.connected) process.send?.(message, undefined, undefined, done);
  else done();
}

/** @param {object} message */
function finish(message) {
  tell(message, () => process.exit());
}
