// @ts-check
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../process/ports.mjs';
import { supervise } from '../process/supervise.mjs';
import { answersStartup } from './ping.mjs';

const run = promisify(execFile);
const image = 'postgres:17';
const startDeadline = 60_000;

/**
 * A PostgreSQL in a container named after `dir`, on a free port of 127.0.0.1. Its data is in a volume of that name.
 *
 * @param {{ dir: string, keepData: boolean, settings: readonly string[] }} options
 */
export async function startPostgresContainer({ dir, keepData, settings }) {
  mkdirSync(dir, { recursive: true });
  const name = `scalr-postgres-${createHash('sha256').update(dir).digest('hex').slice(0, 12)}`;
  const port = await freePort();
  await run('docker', ['rm', '--force', name]).catch(() => {}); // Left by a run that was killed hard.
  await run('docker', ['pull', '--quiet', image]).catch(() => {}); // Without a network, the local image does.

  const volume = keepData ? ['--volume', `${name}:/var/lib/postgresql/data`] : [];
  const child = await supervise({
    command: 'docker',
    args: [
      ['run', '--rm', '--name', name, '--env', 'POSTGRES_HOST_AUTH_METHOD=trust'],
      ['--publish', `127.0.0.1:${port}:5432`, ...volume, image],
      ['-c', 'max_connections=200', ...settings.flatMap((setting) => ['-c', setting])],
    ].flat(),
    cwd: dir,
    stopSignal: 'SIGINT',
    graceMs: 15_000,
  });
  let complaint = '';
  child.stdout?.resume();
  child.stderr?.on('data', (chunk) => (complaint = `${complaint}${chunk}`.slice(-2_000)));

  if (!(await becomesReady(child, port))) {
    await child.stop();
    throw new Error(`docker did not start ${image}: ${complaint.trim()}`);
  }
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  return { url, exited: child.exited, stop: child.stop };
}

/** @param {import('../process/supervise.d.mts').SupervisedProcess} child @param {number} port */
async function becomesReady(child, port) {
  const state = { running: true };
  void child.exited.then(() => (state.running = false));
  const deadline = Date.now() + startDeadline;
  while (state.running && Date.now() < deadline) {
    if (await answersStartup('127.0.0.1', port)) return true;
    await pause(50);
  }
  return false;
}
