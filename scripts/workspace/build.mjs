// @ts-check
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** All that decides what a build makes: sources, the tools' settings, and their versions. */
const SOURCES = [
  'src',
  'libs/scalr-queue/src',
  'libs/scalr-queue/package.json',
  'libs/scalr-queue/tsconfig.lib.json',
  'scripts/build',
  'nest-cli.json',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
];
const OUTPUTS = ['dist', 'libs/scalr-queue/dist'];
const STAMP = 'node_modules/.scalr-built';

/**
 * Builds, unless what was built last is still there and was made of the same sources.
 *
 * @param {string} root of the workspace
 * @param {() => Promise<boolean>} build
 * @returns {Promise<boolean>} whether everything is built
 */
export async function buildIfNeeded(root, build) {
  const stamp = join(root, STAMP);
  const sources = contentOf(root);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === `${sources} ${stateOf(root)}`) return true;
  rmSync(stamp, { force: true });
  if (!(await build())) return false;
  // Not the sources as they are now: they may have been edited meanwhile.
  writeFileSync(stamp, `${sources} ${stateOf(root)}`);
  return true;
}

/** @param {string} root */
function contentOf(root) {
  const hash = createHash('sha256');
  for (const file of filesIn(root, SOURCES)) hash.update(`${file}\0`).update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

/** Reading them would take longer; nobody edits them, but other commands build and remove them. @param {string} root */
function stateOf(root) {
  const hash = createHash('sha256');
  for (const file of filesIn(root, OUTPUTS)) {
    const { size, mtimeMs } = statSync(join(root, file));
    hash.update(`${file} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

/** Those files, and all below those folders. @param {string} root @param {string[]} paths @returns {string[]} */
function filesIn(root, paths) {
  return paths
    .filter((path) => existsSync(join(root, path)))
    .flatMap((path) => {
      if (!statSync(join(root, path)).isDirectory()) return [path];
      const entries = readdirSync(join(root, path), { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
        .toSorted();
    });
}
