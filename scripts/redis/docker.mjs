// @ts-check
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { promisify } from 'node:util';
import { freePort } from '../process/ports.mjs';
import { supervise } from '../process/supervise.mjs';
import { which } from './find.mjs';
import { becomesReady, durableSettings } from './server.mjs';

const run = promisify(execFile);
const image = 'redis:7';

/** Whether docker is here and its daemon answers. */
export async function isDockerUsable() {
  if (!which('docker')) return false;
  return run('docker', ['info'], { timeout: 10_000 }).then(
    () => true,
    () => false,
  );
}

/**
 * A Redis in a container named after `dir`, on a free port of 127.0.0.1. Its data is in a volume
 * of that name, as files of the container's user in the project could not be removed by ours.
 *
 * @param {{ dir: string, keepData: boolean }} options
 */
export async function startRedisContainer({ dir, keepData }) {
  mkdirSync(dir, { recursive: true });
  const name = `scalr-redis-${createHash('sha256').update(dir).digest('hex').slice(0, 12)}`;
  const port = await freePort();
  await run('docker', ['rm', '--force', name]).catch(() => {}); // Left by a run that was killed hard.
  await run('docker', ['pull', '--quiet', image]).catch(() => {}); // Without a network, the local image does.

  const volume = keepData ? ['--volume', `${name}:/data`] : [];
  const child = await supervise({
    // In the foreground: docker passes SIGTERM on to Redis, and removes the container after it.
    command: 'docker',
    args: [
      ['run', '--rm', '--name', name],
      ['--publish', `127.0.0.1:${port}:6379`, ...volume],
      [image, 'redis-server', ...durableSettings],
    ].flat(),
    cwd: dir,
    graceMs: 15_000,
    stdout: 'pipe',
    stderr: 'pipe',
  });
  let complaint = '';
  child.stdout?.resume();
  child.stderr?.on('data', (chunk) => (complaint = `${complaint}${chunk}`.slice(-2_000)));

  if (!(await becomesReady(child, port))) {
    await child.stop();
    throw new Error(`docker did not start ${image}: ${complaint.trim()}`);
  }
  return { url: `redis://127.0.0.1:${port}`, exited: child.exited, stop: child.stop };
}
