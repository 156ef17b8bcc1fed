import { mkdir, mkdtemp, rm, statfs } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { NotRunHere } from './row.js';
import type { Stage } from './stage.js';

const run = promisify(execFile);
const SHARED_MEMORY = '/dev/shm';
/** Containers often have 64 MB there. */
const ENOUGH = 2_000_000_000;

/** A folder on a disk that is never slow: what Redis writes is with the kernel at once. Goes away with the stage. */
export async function memoryDisk(stage: Stage): Promise<string> {
  const { bavail, bsize } = await statfs(SHARED_MEMORY).catch(() => ({ bavail: 0, bsize: 0 }));
  if (bavail * bsize < ENOUGH) return mountedDisk(stage, '2g');
  const folder = await mkdtemp(join(SHARED_MEMORY, 'scalr-redis-'));
  stage.onClose(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * A disk in memory of that size, as `mount` takes it.
 * @throws NotRunHere where mounting is not allowed
 */
export async function mountedDisk(stage: Stage, size: string): Promise<string> {
  const folder = join(stage.dir, 'disk');
  await mkdir(folder);
  await run('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder]).catch(() => {
    throw new NotRunHere('needs a disk in memory: /dev/shm with 2 GB, or mount');
  });
  stage.onClose(() => run('umount', ['-l', folder]));
  return folder;
}
