// @ts-check
import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { showProgress } from './install-progress.mjs';
import { npm } from './npm.mjs';
import { root } from './root.mjs';

const lockFile = join(root, 'package-lock.json');
const npmsOwnRecord = join(root, 'node_modules/.package-lock.json');
const stamp = join(root, 'node_modules/.scalr-installed');

/**
 * `npm ci`, unless node_modules is already what package-lock.json asks for.
 *
 * @param {AbortSignal} signal
 */
export async function installIfNeeded(signal) {
  const wanted = fingerprint();
  if (isInstalled(wanted)) return;
  console.log('installing the dependencies (npm ci)');
  const end = showProgress(root, console.log);
  try {
    // Building and testing need the development dependencies, whatever NODE_ENV says.
    if (!(await npm(['ci', '--include=dev', '--loglevel=error'], signal))) throw new Error('npm ci failed');
  } finally {
    end();
  }
  writeFileSync(stamp, wanted);
}

/** The machine is part of it, as some packages bring binaries. */
function fingerprint() {
  const content = readFileSync(lockFile);
  return createHash('sha256').update(content).update(`${process.platform}-${process.arch}`).digest('hex');
}

/** @param {string} wanted */
function isInstalled(wanted) {
  try {
    // Without our stamp somebody ran npm by hand: then its record must be newer than the lock file.
    return readStamp() === wanted || statSync(npmsOwnRecord).mtimeMs >= statSync(lockFile).mtimeMs;
  } catch {
    return false;
  }
}

function readStamp() {
  try {
    return readFileSync(stamp, 'utf8');
  } catch {
    return undefined;
  }
}
