// @ts-check
import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { missingPackages } from './debian-dependencies.mjs';
import { isDebian, unpackDebianPackages } from './debian-package.mjs';

/** @typedef {import('./find.d.mts').RedisBinaries} RedisBinaries */

const run = promisify(execFile);
const cache = fileURLToPath(new URL('../../.redis', import.meta.url));

/**
 * A Redis server that can be started here: one on PATH, else the distribution's package.
 *
 * @param {(line: string) => void} [log]
 * @returns {Promise<RedisBinaries | undefined>}
 */
export async function findRedisServer(log = () => {}) {
  return findOnPath() ?? (isDebian() ? findUnpacked(log) : undefined);
}

/** @returns {RedisBinaries | undefined} */
function findOnPath() {
  for (const family of ['redis', 'valkey']) {
    const server = which(`${family}-server`);
    if (server) return binaries(server, family, '');
  }
  return undefined;
}

/** @param {(line: string) => void} log @returns {Promise<RedisBinaries | undefined>} */
async function findUnpacked(log) {
  try {
    const root = await unpackDebianPackages({
      cache,
      choose: missingPackages,
      notice: "no redis-server on PATH: unpacking the distribution's package into .redis/ (once)",
      log,
    });
    const found = binaries(join(root, 'usr/bin/redis-server'), 'redis', libraryPath(root));
    await run(found.server, ['--version'], { env: found.env });
    return found;
  } catch (error) {
    log(`the distribution's Redis package cannot be used: ${reason(error)}`);
    return undefined;
  }
}

/** @param {string} server @param {string} family @param {string} libraries @returns {RedisBinaries} */
function binaries(server, family, libraries) {
  /** @param {string} tool */
  const beside = (tool) => {
    const path = join(dirname(server), `${family}-${tool}`);
    return existsSync(path) ? path : (which(`${family}-${tool}`) ?? `${family}-${tool}`);
  };
  return {
    server,
    cli: beside('cli'),
    checkAof: beside('check-aof'),
    libraryPath: libraries,
    env: libraries ? { ...process.env, LD_LIBRARY_PATH: libraries } : { ...process.env },
  };
}

/** @param {string} root the folders named after the processor, such as x86_64-linux-gnu */
export function libraryPath(root) {
  return ['usr/lib', 'lib']
    .map((name) => join(root, name))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .filter((folder) => folder.includes('-linux-'))
    .join(delimiter);
}

/** @param {string} name @returns {string | undefined} */
export function which(name) {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean);
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** @param {unknown} error */
function reason(error) {
  const { stderr, message } = /** @type {Error & { stderr?: string }} */ (error);
  return (stderr?.trim() || message).split('\n').at(-1);
}
