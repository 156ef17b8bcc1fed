// @ts-check
import { fork } from 'node:child_process';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {import('./supervisor.mjs').SupervisedCommand} SupervisedCommand
 * @typedef {import('./supervise.d.mts').SuperviseOptions} SuperviseOptions
 * @typedef {import('./supervise.d.mts').SupervisedProcess} SupervisedProcess
 * @typedef {import('./supervise.d.mts').ProcessExit} ProcessExit
 */

const supervisor = fileURLToPath(new URL('supervisor.mjs', import.meta.url));

/**
 * Starts a command that dies with this process, even when this process is killed with SIGKILL.
 *
 * @param {SuperviseOptions} options
 * @returns {Promise<SupervisedProcess>}
 */
export async function supervise(options) {
  const { command, args = [], cwd = process.cwd(), env = process.env } = options;
  const {
    group = false,
    stopSignal = 'SIGTERM',
    graceMs = 5_000,
    marker = basename(command),
    pidFile,
  } = options;
  const { stdout = 'pipe', stderr = 'pipe' } = options;

  const keeper = fork(supervisor, [marker], {
    cwd,
    detached: true, // A terminal's Ctrl-C reaches only us; we decide what stops, and when.
    env: { ...process.env, NODE_OPTIONS: '' },
    execArgv: [],
    stdio: ['ignore', stdout, stderr, 'ipc'],
  });
  /** @type {SupervisedCommand} */
  const spec = { command, args, cwd, env, group, stopSignal, graceMs, marker, pidFile };
  keeper.send(spec);

  const exited = exitOf(keeper);
  const pid = await pidFrom(keeper, command);
  let running = true;
  void exited.then(() => (running = false));

  /** @param {NodeJS.Signals} name */
  const signal = (name) => {
    if (running) send(group ? -pid : pid, name);
  };

  keeper.once('disconnect', () => signal('SIGKILL')); // Someone killed the supervisor: do its duty.

  return {
    pid,
    stdout: keeper.stdout,
    stderr: keeper.stderr,
    exited,
    signal,
    async stop(grace = graceMs) {
      signal('SIGCONT');
      signal(stopSignal);
      const timer = setTimeout(() => signal('SIGKILL'), grace);
      const exit = await exited;
      clearTimeout(timer);
      return exit;
    },
  };
}

/**
 * @param {import('node:child_process').ChildProcess} keeper
 * @returns {Promise<ProcessExit>}
 */
function exitOf(keeper) {
  return new Promise((resolve) => {
    keeper.on('message', (/** @type {any} */ message) => {
      if (message.type === 'exited') resolve({ code: message.code, signal: message.signal, at: message.at });
    });
    // Comes after every message that was sent, which 'exit' does not promise.
    keeper.once('disconnect', () => resolve({ code: null, signal: 'SIGKILL', at: Date.now() }));
  });
}

/**
 * @param {import('node:child_process').ChildProcess} keeper
 * @param {string} command
 * @returns {Promise<number>}
 */
function pidFrom(keeper, command) {
  return new Promise((resolve, reject) => {
    keeper.on('message', (/** @type {any} */ message) => {
      if (message.type === 'spawned') resolve(message.pid);
      if (message.type === 'error') reject(new Error(`cannot start ${command}: ${message.message}`));
    });
    keeper.once('error', reject);
    keeper.once('disconnect', () => reject(new Error(`the supervisor of ${command} died`)));
  });
}

/** @param {number} target @param {NodeJS.Signals} name */
function send(target, name) {
  try {
    process.kill(target, name);
  } catch {
    // Gone between the question and the signal.
  }
}
