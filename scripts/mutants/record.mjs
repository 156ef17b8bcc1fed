// @ts-check
import { appendFileSync } from 'node:fs';
import { REACHED } from './probes.mjs';

/** Files share a process, so each is asked for its own share: what came before it belongs to the import. */
const world = /** @type {Record<string, any>} */ (globalThis);
let begunAt = 0;
/** @type {string[]} */
let imported = [];

world['__scalrReport'] ??= { begin, end };

function begin() {
  begunAt = Date.now();
  imported = taken();
}

/** @param {string} test */
function end(test) {
  const line = JSON.stringify({ test, ms: Date.now() - begunAt, reached: taken(), imported });
  appendFileSync(process.env['SCALR_TEST_REACH_FILE'] ?? '', `${line}\n`);
}

function taken() {
  const names = [...(world[REACHED] ?? [])];
  world[REACHED]?.clear();
  return names;
}
