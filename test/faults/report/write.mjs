// @ts-check
/** `npm run faults:report`: FAULTS.md from the newest result of each row and the newest soak. */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { findRedisServer } from '../../../scripts/redis/find.mjs';
import { root } from '../../../scripts/workspace/root.mjs';
import { notes } from './notes.mjs';

const results = new Map(linesOf('results.jsonl').map((result) => [result.id, result]));
const rows = [...results.values(), ...notes.filter(({ id }) => !results.has(id))].toSorted(
  (one, two) => one.id - two.id,
);
const soak = linesOf('soaks.jsonl').findLast(({ minutes }) => minutes >= 1.5);
const of = (/** @type {string} */ status) => rows.filter((row) => row.status === status).length;

writeFileSync(
  join(root, 'FAULTS.md'),
  `# What survives what

Real processes of the built library against a real Redis, broken on purpose. A file outside of Redis counts what ran; another
holds what the producers were told. Written by \`npm run faults:report\`; nothing in it is written by hand.

${of('pass')} faults survived, ${of('fail')} not, ${of('not run')} not run. Times may be half as long again as promised: the machine is shared.

- **Machine** ${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB
- **Versions** Node ${process.versions.node}, Redis ${await redisVersion()}, BullMQ ${versionOf('bullmq')}, ioredis ${versionOf('ioredis')}, scalr-queue ${versionOf('scalr-queue')}
- **Again** \`npm run test:faults && npm run faults:report\`; one row: \`SCALR_FAULTS_ROWS=14 npm run test:faults\`

| # | fault | required | acknowledged | lost | run twice | longest enqueue | resumed after | seed | outcome |
|--|--|--|--|--|--|--|--|--|--|
${rows.map(tableRow).join('\n')}

*Lost*: acknowledged and never run. *Run twice*: started more often than once, which at-least-once delivery allows where noted.

${soak ? soakSection(soak) : ''}`,
);
console.log(`FAULTS.md: ${of('pass')} passed, ${of('fail')} failed, ${of('not run')} not run`);

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

/** @param {any} row */
function tableRow({
  id,
  name,
  requirement = '',
  acknowledged,
  lost,
  twice,
  longestMs,
  resumeMs,
  seed,
  status,
  note,
}) {
  const ms = (/** @type {number | undefined} */ value) => (value === undefined ? '' : `${value} ms`);
  const outcome = [status, note && hide(note)].filter(Boolean).join(': ');
  const cells = [
    id,
    name,
    requirement,
    acknowledged,
    lost,
    twice,
    ms(longestMs),
    ms(resumeMs),
    seed,
    outcome,
  ];
  return `| ${cells.map((cell) => String(cell ?? '').replaceAll('|', '\\|')).join(' | ')} |`;
}

/** Folders of this machine are nobody's business. @param {string} text */
function hide(text) {
  return text
    .replaceAll(root, '.')
    .replaceAll(/\/tmp\/\S+/g, '(a folder)')
    .slice(0, 300);
}

/** @param {any} soak */
function soakSection({
  seed,
  minutes,
  faults,
  tally,
  acknowledged,
  lost,
  twice,
  twiceShare,
  unknown,
  longestMs,
  drainedMs,
}) {
  const kinds = Object.entries(tally).map(([fault, count]) => `${fault} ${count}`);
  return `## The soak

${minutes} minutes of chaos over 2 producers and 3 workers, seed ${seed}, ${faults} faults: ${kinds.join(', ')}.

| acknowledged | lost | run twice | share | asked again as unknown | longest enqueue | drained after |
|--|--|--|--|--|--|--|
| ${acknowledged} | ${lost} | ${twice} | ${(twiceShare * 100).toFixed(3)} % | ${unknown} | ${longestMs} ms | ${drainedMs} ms |

Again: \`npm run build && npm run soak -- --seed ${seed} --minutes ${minutes}\`
`;
}

async function redisVersion() {
  const found = await findRedisServer();
  if (!found) return 'unknown';
  const text = execFileSync(found.server, ['--version'], { env: found.env, encoding: 'utf8' });
  return /v=(\S+)/.exec(text)?.[1] ?? 'unknown';
}

/** @param {string} name */
function versionOf(name) {
  return JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')).version;
}
