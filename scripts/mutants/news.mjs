// @ts-check
import { functionsOf } from './probes.mjs';

const IMPORTED = /from '[^']*\/([^'/]+)\.js'/g;

/**
 * The files that have functions which nobody knows yet, and those that import a file nobody knows.
 *
 * @param {readonly { file: string, source: string }[]} files
 * @param {ReadonlySet<string>} known functions, as their probes name them
 */
export function filesWithNews(files, known) {
  const knownFiles = new Set([...known].map((name) => name.slice(0, name.indexOf('#'))));
  const named = files.map((one) => ({ ...one, functions: functionsOf(one.file, one.source) }));
  const unknown = new Set(
    named
      .filter(({ file, functions }) => functions.length > 0 && !knownFiles.has(file))
      .map(({ file }) => file.slice(file.lastIndexOf('/') + 1, -'.ts'.length)),
  );
  const changed = named.filter(
    ({ source, functions }) =>
      functions.some((name) => !known.has(name)) ||
      [...source.matchAll(IMPORTED)].some(([, imported]) => unknown.has(imported ?? '')),
  );
  return new Set(changed.map(({ file }) => file));
}
