// @ts-check
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../workspace/root.mjs';
import { fingerprint, fingerprintOf } from './tree.mjs';
import { record } from './vitest.mjs';

/**
 * @typedef {import('./choice.mjs').Reach} Reach
 * @typedef {{ sources: string, reaches: (Reach & { fingerprint: string })[] }} Kept
 */

const store = join(root, '.mutants/reach.json');
/** What was looked at is kept when the rest is interrupted. */
const AT_ONCE = 15;

/**
 * What each test file reaches. It is kept until a source changes; test files that changed are run again.
 *
 * @param {import('./vitest.mjs').Surroundings} surroundings
 * @param {readonly string[]} tests all that there are
 * @returns {Promise<Reach[]>}
 */
export async function reachOf(surroundings, tests) {
  const now = fingerprint();
  const kept = read(now).filter(
    ({ test, fingerprint }) => tests.includes(test) && fingerprintOf(test) === fingerprint,
  );
  const missing = tests.filter((test) => !kept.some((reach) => reach.test === test));
  if (missing.length > 0)
    console.log(`looking at what ${missing.length} of ${tests.length} test files reach`);
  for (let at = 0; at < missing.length; at += AT_ONCE) {
    const { reaches, failed } = await record(missing.slice(at, at + AT_ONCE), surroundings);
    for (const name of failed) console.log(`left out, for it fails without a mutant: ${name}`);
    kept.push(...reaches.map((reach) => ({ ...reach, fingerprint: fingerprintOf(reach.test) })));
    mkdirSync(dirname(store), { recursive: true });
    writeFileSync(store, JSON.stringify({ sources: now, reaches: kept }));
  }
  return kept;
}

/** @param {string} now the fingerprint of the sources @returns {Kept['reaches']} */
function read(now) {
  if (!existsSync(store)) return [];
  /** @type {Kept} */
  const { sources, reaches } = JSON.parse(readFileSync(store, 'utf8'));
  return sources === now ? reaches : [];
}
