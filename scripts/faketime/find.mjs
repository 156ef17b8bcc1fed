// @ts-check
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDebian, unpackDebianPackages } from '../redis/debian-package.mjs';

const cache = fileURLToPath(new URL('../../.faketime', import.meta.url));

/**
 * The library of libfaketime, which gives a process another clock: that of the system, else the distribution's package,
 * fetched once. Undefined where neither can be had.
 *
 * @param {(line: string) => void} [log]
 * @returns {Promise<string | undefined>}
 */
export async function findFaketime(log = () => {}) {
  const present = libraryIn('/');
  if (present || !isDebian()) return present;
  try {
    const choose = async () => ['libfaketime'];
    const notice = "no libfaketime: unpacking the distribution's package into .faketime/ (once)";
    return libraryIn(await unpackDebianPackages({ cache, choose, notice, log }));
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    log(`the distribution's libfaketime package cannot be used: ${message.split('\n')[0]}`);
    return undefined;
  }
}

/** @param {string} root @returns {string | undefined} */
function libraryIn(root) {
  const folder = join(root, 'usr/lib');
  if (!existsSync(folder)) return undefined;
  return ['', ...readdirSync(folder)]
    .map((name) => join(folder, name, 'faketime/libfaketime.so.1'))
    .find((path) => existsSync(path));
}
