// @ts-check
import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { functionsOf } from './probes.mjs';

/**
 * @typedef {import('./mutations.mjs').Mutant} Mutant
 *
 * @typedef {object} Reach what one test file reaches
 * @property {string} test      its path
 * @property {number} ms        how long it takes
 * @property {string[]} reached functions, as their probes name them
 * @property {string[]} imported functions that ran while modules were loaded, for whichever test came first
 */

/** Folders within others that have a score of their own: they are too large, and too different, to hide in that of the whole. */
const APART = ['engine/redis/connection', 'engine/redis', 'engine/memory'];

/**
 * The folder that a file counts for: one of those apart, else the first one on its way that holds files itself.
 *
 * @param {string} file from the folder of the sources
 * @param {readonly string[]} files all of them
 */
export function folderOf(file, files) {
  const apart = APART.find((folder) => file.startsWith(`${folder}/`));
  if (apart) return apart;
  const parts = file.split('/').slice(0, -1);
  for (let depth = 1; depth <= parts.length; depth += 1) {
    const folder = parts.slice(0, depth).join('/');
    if (files.some((other) => other.slice(0, other.lastIndexOf('/')) === folder)) return folder;
  }
  return '.';
}

/**
 * The same mutants for the same seed, also after others have come or gone: a score can be compared with the one before.
 *
 * @param {readonly Mutant[]} mutants
 * @param {number} size
 * @param {string} seed
 */
export function sample(mutants, size, seed) {
  /** @type {Map<string, number>} */
  const seen = new Map();
  const ranked = mutants.map((mutant) => {
    const name = `${mutant.file} ${mutant.what}`;
    const nth = seen.get(name) ?? 0;
    seen.set(name, nth + 1);
    return { mutant, rank: createHash('sha256').update(`${seed} ${name} ${nth}`).digest('hex') };
  });
  ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1));
  return ranked.slice(0, size).map(({ mutant }) => mutant);
}

/**
 * The files through whose functions one sees what a file holds: the file itself, or, where it has none, those that import it.
 *
 * @param {string} file
 * @param {ReadonlyMap<string, string>} sources of all files
 * @returns {string[]}
 */
export function carriersOf(file, sources) {
  const carriers = new Set([file]);
  for (const one of carriers) {
    if (functionsOf(one, sources.get(one) ?? '').length > 0) continue;
    for (const [other, source] of sources) if (importsOf(other, source).includes(one)) carriers.add(other);
  }
  return [...carriers];
}

/** @param {string} file @param {string} source */
function importsOf(file, source) {
  return [...source.matchAll(/ from '(\.[^']*)\.js'/g)].map(([, path]) =>
    posix.join(posix.dirname(file), `${path}.ts`),
  );
}

/**
 * The test files that can notice a mutant, the quickest first, as many as fit into the time; at least one.
 *
 * @param {Pick<Mutant, 'file'>} mutant
 * @param {string | undefined} within the function around it; undefined for what runs at import
 * @param {readonly Reach[]} reaches
 * @param {number} budgetMs
 * @param {readonly string[]} carriers the files with functions through which what runs at import is seen
 */
export function testsFor({ file }, within, reaches, budgetMs, carriers = [file]) {
  // Functions that are an expression have no probe.
  const beside = `libs/scalr-queue/src/${file.replace(/\.ts$/, '.spec.ts')}`;
  const isAtImport = !within || reaches.some(({ imported }) => imported.includes(within));
  const reaching = reaches.filter(({ test, reached, imported }) =>
    isAtImport
      ? test === beside ||
        [...reached, ...imported].some((name) => carriers.includes(name.slice(0, name.indexOf('#'))))
      : reached.includes(within),
  );
  /** @type {Reach[]} */
  const chosen = [];
  let total = 0;
  for (const reach of reaching.toSorted((a, b) => a.ms - b.ms)) {
    total += reach.ms;
    if (chosen.length > 0 && total > budgetMs) break;
    chosen.push(reach);
  }
  return chosen;
}
