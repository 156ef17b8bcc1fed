// @ts-check
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { dependenciesOf, withMissing } from '../redis/debian-dependencies.mjs';
import { isDebian, unpackDebianPackages } from '../redis/debian-package.mjs';
import { libraryPath, which } from '../redis/find.mjs';

/** @typedef {import('./find.d.mts').PostgresBinaries} PostgresBinaries */

const run = promisify(execFile);
const cache = fileURLToPath(new URL('../../.postgres', import.meta.url));

/**
 * A PostgreSQL that can be started here: one on PATH or installed by the distribution, else the distribution's package.
 *
 * @param {(line: string) => void} [log]
 * @returns {Promise<PostgresBinaries | undefined>}
 */
export async function findPostgres(log = () => {}) {
  return findInstalled() ?? (isDebian() ? findUnpacked(log) : undefined);
}

/** @returns {PostgresBinaries | undefined} */
function findInstalled() {
  const onPath = which('postgres');
  return (onPath && binariesIn(dirname(realpathSync(onPath)))) || newestBelow('/', '');
}

/** @param {(line: string) => void} log @returns {Promise<PostgresBinaries | undefined>} */
async function findUnpacked(log) {
  try {
    const root = await unpackDebianPackages({
      cache,
      choose: packages,
      notice: "no postgres on PATH: unpacking the distribution's package into .postgres/ (once)",
      log,
    });
    const libraries = libraryPath(root);
    const found = newestBelow(root, libraries);
    if (!found) throw new Error('it holds no server');
    await run(join(found.folder, 'postgres'), ['--version'], { env: found.env });
    return found;
  } catch (error) {
    const { stderr, message } = /** @type {Error & { stderr?: string }} */ (error);
    log(
      `the distribution's PostgreSQL package cannot be used: ${(stderr?.trim() || message).split('\n').at(-1)}`,
    );
    return undefined;
  }
}

/**
 * The server and the libraries that it links; not what the package brings along to be a service, nor the compiler of queries, which
 * is larger than all the rest.
 *
 * @param {import('../redis/debian-package.mjs').Apt} apt
 */
async function packages(apt) {
  const server = (await dependenciesOf(apt, 'postgresql')).find((name) => /^postgresql-\d+$/.test(name));
  if (!server) throw new Error('the package postgresql names no server');
  return withMissing(apt, [server], (name) => /^(lib|zlib)/.test(name) && !name.startsWith('libllvm'));
}

/** @param {string} root @param {string} libraries */
function newestBelow(root, libraries) {
  const folder = join(root, 'usr/lib/postgresql');
  if (!existsSync(folder)) return undefined;
  return readdirSync(folder)
    .toSorted((a, b) => Number(b) - Number(a))
    .map((version) => binariesIn(join(folder, version, 'bin'), libraries))
    .find(Boolean);
}

/** @param {string} folder @param {string} [libraries] @returns {PostgresBinaries | undefined} */
function binariesIn(folder, libraries = '') {
  if (!['postgres', 'initdb'].every((name) => existsSync(join(folder, name)))) return undefined;
  const given = [libraries, process.env['LD_LIBRARY_PATH']].filter(Boolean).join(delimiter);
  return {
    folder,
    libraryPath: libraries,
    env: libraries ? { ...process.env, LD_LIBRARY_PATH: given } : { ...process.env },
  };
}
