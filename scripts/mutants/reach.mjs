// @ts-check
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../workspace/root.mjs';
import { functionsOf } from './probes.mjs';
import { filesWithNews } from './news.mjs';
import { fingerprintOf, sourceFiles, sourceOf } from './tree.mjs';
import { record } from './vitest.mjs';

/**
 * @typedef {import('./choice.mjs').Reach} Reach
 * @typedef {Reach & { fingerprint: string }} KeptReach
 * @typedef {{ functions: string[], reaches: KeptReach[] }} Kept functions that there were when all of these tests were looked at
 */

const store = join(root, '.mutants/reach.json');
/** What was looked at is kept when the rest is interrupted. */
const AT_ONCE = 15;

/**
 * What each test file reaches. A test is looked at again when it changed, and when a file that it reaches has new functions.
 *
 * @param {import('./vitest.mjs').Surroundings} surroundings
 * @param {readonly string[]} tests all that there are
 * @param {object} how
 * @param {boolean} how.fresh whether to forget what is known
 * @param {number} how.lanes  how many files at a time
 * @returns {Promise<Reach[]>}
 */
export async function reachOf(surroundings, tests, { fresh, lanes }) {
  const files = sourceFiles();
  const functions = files.flatMap((file) => functionsOf(file, sourceOf(file)));
  /** @type {Kept} */
  const known =
    existsSync(store) && !fresh ? JSON.parse(readFileSync(store, 'utf8')) : { functions: [], reaches: [] };
  const changed = filesWithNews(
    files.map((file) => ({ file, source: sourceOf(file) })),
    new Set(known.functions),
  );
  const kept = known.reaches.filter(
    ({ test, fingerprint, reached, imported }) =>
      tests.includes(test) &&
      fingerprintOf(test) === fingerprint &&
      ![...reached, ...imported].some((name) => changed.has(name.slice(0, name.indexOf('#')))),
  );
  const missing = tests.filter((test) => !kept.some((reach) => reach.test === test));
  if (missing.length > 0)
    console.log(`looking at what ${missing.length} of ${tests.length} test files reach`);
  const waiting = Array.from({ length: Math.ceil(missing.length / AT_ONCE) }, (_, nth) =>
    missing.slice(nth * AT_ONCE, (nth + 1) * AT_ONCE),
  );
  const lane = async (/** @type {number} */ number) => {
    const dir = join(surroundings.dir, `lane-${number}`);
    mkdirSync(dir, { recursive: true });
    for (let some = waiting.shift(); some; some = waiting.shift()) {
      const { reaches, failed } = await record(some, { ...surroundings, dir });
      for (const name of failed) console.log(`left out, for it fails without a mutant: ${name}`);
      kept.push(...reaches.map((reach) => ({ ...reach, fingerprint: fingerprintOf(reach.test) })));
      mkdirSync(dirname(store), { recursive: true });
      writeFileSync(store, JSON.stringify({ functions, reaches: kept }));
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)));
  return kept;
}
