// @ts-check
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const oneHour = 3_600_000;

/** Whether this is a Debian or Ubuntu, with the two tools that fetch and unpack a package. */
export function isDebian() {
  return existsSync('/usr/bin/apt-get') && existsSync('/usr/bin/dpkg-deb');
}

/** @typedef {(tool: string, ...args: string[]) => Promise<string>} Apt runs a tool of apt, without root */

/**
 * Packages of the distribution, unpacked into `<cache>/<system>` without being installed: no root
 * needed, nothing outside that folder touched. Fetched once, then found there.
 *
 * @param {object} options
 * @param {string} options.cache
 * @param {(apt: Apt) => Promise<string[]>} options.choose the packages to fetch
 * @param {string} options.notice said before they are fetched
 * @param {(line: string) => void} options.log
 * @returns {Promise<string>} the folder that stands for `/`
 */
export async function unpackDebianPackages({ cache, choose, notice, log }) {
  const target = unpackedFolder(cache);
  if (existsSync(target)) return target;

  await mkdir(cache, { recursive: true });
  await removeAbandoned(cache);
  const workshop = await mkdtemp(join(cache, 'unpacking-'));
  try {
    log(notice);
    const root = await fetchInto(workshop, choose);
    await publish(root, target);
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
  return target;
}

/**
 * Where the packages are once they are unpacked. A checkout may be shared by machines that need different binaries.
 *
 * @param {string} cache
 */
export function unpackedFolder(cache) {
  const release = readFileSync('/etc/os-release', 'utf8');
  /** @param {string} key */
  const field = (key) => new RegExp(`^${key}="?([^"\\n]+)`, 'm').exec(release)?.[1] ?? 'unknown';
  const architecture = execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim();
  return join(cache, `${field('ID')}-${field('VERSION_CODENAME')}-${architecture}`);
}

/** @param {string} workshop @param {(apt: Apt) => Promise<string[]>} choose @returns {Promise<string>} */
async function fetchInto(workshop, choose) {
  await mkdir(join(workshop, 'lists/partial'), { recursive: true });
  await mkdir(join(workshop, 'cache/archives/partial'), { recursive: true });
  const options = [
    ['Dir::State::lists', join(workshop, 'lists')],
    ['Dir::Cache', join(workshop, 'cache')],
    ['Debug::NoLocking', '1'],
    // As root, apt would hand the download to the user _apt, who may not write here.
    ...(process.getuid?.() === 0 ? [['APT::Sandbox::User', 'root']] : []),
  ].flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  /** @param {string} tool @param {string[]} args */
  const apt = async (tool, ...args) =>
    (await run(tool, [...options, ...args], { cwd: workshop, env: { ...process.env, LC_ALL: 'C' } })).stdout;

  // One broken source among many fails the update, not the download of what the others have.
  const update = await apt('apt-get', '-q', 'update').catch((/** @type {Error} */ error) => error);
  try {
    await apt('apt-get', '-q', 'download', ...(await choose(apt)));
  } catch (error) {
    throw update instanceof Error ? update : error;
  }

  const root = join(workshop, 'root');
  const packages = (await readdir(workshop)).filter((name) => name.endsWith('.deb'));
  for (const name of packages) await run('dpkg-deb', ['-x', join(workshop, name), root]);
  return root;
}

/**
 * A folder is renamed into place whole, so nobody ever sees half of one.
 *
 * @param {string} root @param {string} target
 */
async function publish(root, target) {
  try {
    await rename(root, target);
  } catch (error) {
    if (!existsSync(target)) throw error; // Otherwise a concurrent run was faster: use its folder.
  }
}

/** @param {string} cache */
async function removeAbandoned(cache) {
  for (const name of await readdir(cache)) {
    if (!name.startsWith('unpacking-')) continue;
    const folder = join(cache, name);
    const { mtimeMs } = await stat(folder).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > oneHour) await rm(folder, { recursive: true, force: true });
  }
}
