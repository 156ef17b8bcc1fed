// @ts-check
import { execFile } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../process/ports.mjs';
import { reapLeftover } from '../process/reap.mjs';
import { supervise } from '../process/supervise.mjs';
import { unprivileged } from './unprivileged.mjs';

/**
 * @typedef {import('./server.d.mts').PostgresServerOptions} PostgresServerOptions
 * @typedef {import('./server.d.mts').RunningPostgres} RunningPostgres
 * @typedef {import('./find.d.mts').PostgresBinaries} PostgresBinaries
 */

const run = promisify(execFile);
const startDeadline = 60_000; // After a crash it reads its log again.
const attempts = 5;

/** For data that nobody needs after a crash of the machine: several times as fast. A crash of the server itself loses nothing. */
export const fleeting = ['fsync=off', 'full_page_writes=off'];

/**
 * Starts a private PostgreSQL on 127.0.0.1 that keeps its data in `dir`, and dies with this process. Resolves when it takes
 * connections, of the user `postgres` and without a password.
 *
 * @param {PostgresServerOptions} options
 * @returns {Promise<RunningPostgres>}
 */
export async function startPostgresServer(options) {
  mkdirSync(options.dir, { recursive: true });
  await reapLeftover(pidFileIn(options.dir));
  const data = await dataIn(options.dir, options.binaries);

  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort());
    try {
      return await launch(options, data, port);
    } catch (error) {
      const lostTheRace = !options.port && String(error).includes('Address already in use');
      if (!lostTheRace || attempt === attempts) throw error;
    }
  }
}

/**
 * The folder of the data, made if it is missing. It is named after the version, for another one cannot read it; and made under
 * another name first, so that one which is there is whole.
 *
 * @param {string} dir
 * @param {PostgresBinaries} binaries
 */
async function dataIn(dir, { folder, env }) {
  const { stdout } = await run(join(folder, 'postgres'), ['--version'], { env });
  const version = /\d+/.exec(stdout)?.[0] ?? '0';
  const data = join(dir, `data-${version}`);
  if (existsSync(data)) return data;

  const draft = `${data}.draft`;
  await rm(draft, { recursive: true, force: true });
  const made = ['--auth=trust', '--username=postgres', '--encoding=UTF8', '--no-locale', '--no-sync'];
  const initdb = unprivileged(join(folder, 'initdb'), ['--pgdata', draft, ...made]);
  await run(initdb.command, initdb.args, { env, cwd: dir });
  await rename(draft, data);
  return data;
}

/** @param {PostgresServerOptions} options @param {string} data @param {number} port @returns {Promise<RunningPostgres>} */
async function launch({ binaries, dir, settings = [] }, data, port) {
  const logFile = join(dir, 'postgres.log');
  const readiness = join(data, 'postmaster.pid');
  rmSync(readiness, { force: true }); // Of a server that was killed: it has been reaped.
  const output = openSync(logFile, 'w');
  const chosen = [
    ['listen_addresses=127.0.0.1', `port=${port}`, 'unix_socket_directories='],
    ['max_connections=200', 'shared_buffers=32MB', 'jit=off', 'log_destination=stderr'],
    settings,
  ].flat();
  const { command, args } = unprivileged(
    join(binaries.folder, 'postgres'),
    ['-D', data, ...chosen.flatMap((setting) => ['-c', setting])].flat(),
  );
  const child = await supervise({
    command,
    args,
    cwd: data,
    env: binaries.env,
    marker: 'postgres',
    stopSignal: 'SIGINT', // SIGTERM would wait for every client to leave.
    graceMs: 15_000,
    stdout: output,
    stderr: output,
    pidFile: pidFileIn(dir),
  }).finally(() => closeSync(output));

  if (!(await becomesReady(child, readiness))) {
    await child.stop();
    throw new Error(`postgres did not start: ${lastLines(logFile)}`);
  }
  const { pid, exited, signal, stop } = child;
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  return { pid, port, dir, url, logFile, exited, signal, stop };
}

/**
 * It writes itself when it is ready, and who it is, which an answer on the port does not say.
 *
 * @param {import('../process/supervise.d.mts').SupervisedProcess} child
 * @param {string} file
 */
async function becomesReady(child, file) {
  const state = { running: true };
  void child.exited.then(() => (state.running = false));
  const deadline = Date.now() + startDeadline;
  while (state.running && Date.now() < deadline) {
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
    if (lines[0] === String(child.pid) && lines[7]?.trim() === 'ready') return true;
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
