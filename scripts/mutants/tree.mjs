// @ts-check
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { root } from '../workspace/root.mjs';

/** What is mutated. */
export const sources = join(root, 'libs/scalr-queue/src');

/** The files that run in an app, from the folder of the sources. */
export function sourceFiles() {
  const files = readdirSync(sources, { recursive: true, encoding: 'utf8' });
  return files
    .map((file) => file.replaceAll(sep, '/'))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
    .toSorted();
}

/** @param {string} file */
export function sourceOf(file) {
  return readFileSync(join(sources, file), 'utf8');
}

/** @param {string} test */
export function fingerprintOf(test) {
  return createHash('sha256')
    .update(readFileSync(join(root, test)))
    .digest('hex');
}

/** Test files that run the sources in their own process. */
export function testFiles() {
  const unit = readdirSync(sources, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.spec.ts'))
    .map((file) => `libs/scalr-queue/src/${file.replaceAll(sep, '/')}`);
  const integration = readdirSync(join(root, 'test/integration'))
    .filter((file) => file.endsWith('.int-spec.ts'))
    .map((file) => `test/integration/${file}`);
  return [...unit, ...integration];
}
