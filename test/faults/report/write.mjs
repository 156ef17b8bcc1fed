// @ts-check
/** `npm run faults:report`: FAULTS.md from the newest result of each row and the newest soak. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../../scripts/workspace/root.mjs';
import { collect } from './collect.mjs';
import { notes } from './notes.mjs';
import { count, rowOfSoak, soakSection, tablesOf, totalsOf } from './tables.mjs';

const soak = linesOf('soaks.jsonl').findLast(({ minutes }) => minutes >= 1.5);
const { rows: measuredRows, measured } = collect(linesOf('results.jsonl'), soak);
const results = new Map(measuredRows.map((result) => [result.id, result]));
if (soak) results.set(68, rowOfSoak(soak));
const rows = [...results.values(), ...notes.filter(({ id }) => !results.has(id))]
  .map((row) => ({ ...row, note: row.note && hide(row.note) }))
  .toSorted((one, two) => one.id - two.id);
const totals = totalsOf(rows);

writeFileSync(
  join(root, 'FAULTS.md'),
  `# What happens to jobs when things break

Web and worker processes of the built library run against real \`redis-server\` processes, and then something is broken on purpose:
killed, frozen, cut off, filled up, misconfigured. Two files outside of Redis keep the books: one has every job that a producer was
told is enqueued, the other every start and every end of a handler. *Lost* is what is in the first and never ended in the second.

**${totals.pass} faults survived, ${totals.fail} not, ${totals['not run']} not run. ${count(totals.acknowledged)} jobs acknowledged, ${totals.lost} lost${where(totals.lostIn)}.**

- **Machine** ${measured.machine}; most rows run at the same time, six at once, so times are upper bounds
- **Versions** ${versions(measured)}
- **Commit** ${measured.commit.slice(0, 12)}${measured.dirty ? ' with changes that are not committed' : ''}
- **Do it again** \`npm run test:faults && npm run soak && npm run faults:report\`, which writes this file; one row: \`SCALR_FAULTS_ROWS=14 npm run test:faults\`; other random numbers: \`SCALR_FAULTS_SEED=2\`

A row passes when everything in *required* was measured; times may be half as long again, for the machine is shared. What a
row has no figure for does not apply to it.

${tablesOf(rows)}

- *acknowledged*: calls of \`enqueue\` that succeeded. *twice*: jobs that were started more often than once; at-least-once delivery
  allows it where a worker or Redis dies with a job in hand, and the row says how many.
- *longest call*: of \`enqueue\`, from the call to its outcome, whichever that is; the promise is 1,100 ms under any fault.
- *resumed*: from the end of the fault to the first job that is finished, or the first call that succeeds.

${soak ? soakSection(soak) : ''}`,
);
console.log(`FAULTS.md: ${totals.pass} passed, ${totals.fail} failed, ${totals['not run']} not run`);

/** @param {number[]} ids */
function where(ids) {
  return ids.length > 0 ? `, all in row ${ids.join(' and ')}` : '';
}

/** @param {string} name @returns {any[]} */
function linesOf(name) {
  try {
    return readFileSync(join(root, '.run/faults', name), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  } catch {
    return [];
  }
}

/** Folders of this machine are nobody's business. @param {string} text */
function hide(text) {
  return text
    .replaceAll(root, '.')
    .replaceAll(/\/tmp\/\S+/g, '(a folder)')
    .slice(0, 400);
}

/** @param {Record<string, any>} result */
function versions(result) {
  return Object.entries(result.versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');
}
