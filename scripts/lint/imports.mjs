// @ts-check
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';
import { FORBIDDEN, LAYERS, PACKAGES } from './layers.mjs';

const folders = Object.keys(LAYERS).toSorted((a, b) => b.length - a.length);

/** The layer that a file belongs to. @param {string} file path below the sources */
function layerOf(file) {
  return folders.find((folder) => file === folder || file.startsWith(`${folder}/`));
}

/**
 * What an import of a file breaks, as a sentence; undefined where the table allows it.
 * @param {string} file path below the sources
 * @param {string} specifier as it is written
 */
export function violation(file, specifier) {
  const layer = layerOf(file);
  if (layer === undefined) return `${file}: its folder is not in scripts/lint/layers.mjs`;
  if (!specifier.startsWith('.')) {
    if (FORBIDDEN[layer]?.some((pattern) => pattern.test(specifier)))
      return `${file}: ${layer} may not import ${specifier}`;
    const allowed = PACKAGES[specifier];
    // A spec may do what an app does.
    if (allowed === undefined || allowed.includes(layer) || file.endsWith('.spec.ts')) return undefined;
    return `${file}: ${layer} may not import ${specifier}, only ${allowed.join(', ')} may`;
  }
  const target = normalize(join(dirname(file), specifier)).replace(/\.js$/, '.ts');
  // What specs share with the tests of the repository.
  if (target.startsWith('..') && file.endsWith('.spec.ts')) return undefined;
  // What a feature is tested on.
  if (target.startsWith('engine/memory/') && file.endsWith('.spec.ts')) return undefined;
  const of = layerOf(target);
  const allowed = LAYERS[layer] ?? [];
  if (of === layer || (of !== undefined && allowed.includes(of)) || allowed.includes(target))
    return undefined;
  return `${file}: ${layer} may not import ${target}, only ${allowed.join(', ') || 'nothing'}`;
}

/** Every import of the sources that the table forbids. @param {string} sources */
export function violations(sources) {
  const files = readdirSync(sources, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.ts'),
  );
  return files.flatMap((file) => {
    const { importedFiles } = ts.preProcessFile(readFileSync(join(sources, file), 'utf8'));
    return importedFiles.flatMap(({ fileName }) => violation(file, fileName) ?? []);
  });
}

/** The folders below a folder, by what the table allows. @param {string} layer @returns {Set<string>} */
export function below(layer, found = new Set()) {
  for (const next of LAYERS[layer] ?? []) {
    if (found.has(next)) continue;
    found.add(next);
    below(next, found);
  }
  return found;
}
