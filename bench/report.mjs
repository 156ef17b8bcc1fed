// @ts-check
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { chart } from './chart.mjs';
import { sides } from './rows.mjs';
import { table, tenths, whole } from './table.mjs';
import * as outboxTables from './tables-outbox.mjs';
import * as tables from './tables.mjs';
import { known, roundsText } from './median.mjs';
import { relayed, verdicts } from './verdicts.mjs';
import { commit, redisVersion, versions } from './versions.mjs';

/** @typedef {import('./measure-all.mjs').Results} Results */

/** @param {Results} results */
export function printTable(results) {
  for (const part of [...Object.values(tables), ...Object.values(outboxTables)])
    console.log(`\n${part(results)}`);
  console.log();
  for (const { what, wanted, got, met } of verdicts(results))
    console.log(`${(MARKS[String(met)] ?? '').replaceAll('*', '')} ${what}: ${got}, wanted ${wanted}`);
  for (const failure of results.failures) console.log(`failed: ${failure}`);
}

/** @param {Results} results @param {string} folder */
export async function writeReport(results, folder) {
  const list = verdicts(results);
  const missed = list.filter(({ met }) => met === false);
  const unknown = list.filter(({ met }) => met === undefined);
  const behind = missed.map(({ what, wanted, got }) => `- **${what}**: ${got}, wanted ${wanted}`).join('\n');
  mkdirSync(join(folder, 'docs/images'), { recursive: true });
  writeFileSync(join(folder, 'docs/images/benchmarks.svg'), chart(results));
  writeFileSync(
    join(folder, 'BENCHMARKS.md'),
    `# How fast

All sides in one run, each measurement in a process of its own against a fresh Redis (AOF everysec) or a fresh database of a PostgreSQL with
its ordinary settings; medians of as many alternating rounds as fit into ${results.minutes} minutes: ${roundsOf(results)}.
Ours has everything on that an app has: schemas, timeouts, retries, life-cycle events, metrics; plain BullMQ has the same options for
jobs and workers. Logs are off on all sides. The machine is small and shared: compare figures of one line, not with those of other
machines, and CPU per job rather than rates: it hardly depends on who else is busy. A side is warmed up before it is measured, a
worker of Node by 6,000 jobs of Redis or 1,200 of PostgreSQL. Written by \`npm run bench\`; nothing in it is written by hand.

![jobs per second, times plain BullMQ](docs/images/benchmarks.svg)

- **Machine** ${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB, ${new Date().toISOString().slice(0, 10)}
- **Versions** Node ${process.versions.node}, Redis ${await redisVersion()}, ${versions()}, commit ${commit()}
- **Again** \`npm run bench\` (all of it), \`npm run bench -- --quick\` (the two that matter, three rounds)

## Throughput

In brackets: times plain BullMQ, the median of what the rounds gave one by one. ± is half the distance of the slowest and the fastest round.

${tables.throughput(results)}

## CPU per job

In microseconds: of the process, and of the store. Of Redis that is its main thread, of PostgreSQL all its processes.

${tables.cpu(results)}

*Bare scripts* are ceilings: EVALSHA of the script that adds a job (ours: of a lone job, and of a bulk in slices), sent again and again with nothing of a
library around it. bee-queue has no locks, keeps nothing of a job that succeeded and tells nobody of its end; pg-boss takes and ends a
hundred jobs as one, whatever the concurrency is.
${pythonNote(results)}
## At their most careful

The same run: what a library does unless it is told otherwise. bee-queue keeps jobs and results and tells of the end; pg-boss takes no more jobs at a time than run at once
(two at concurrency 1: of a single one it would wait half a second for the next).

${tables.careful(results)}

## Over a network

${roundsText(results.network)} Every packet takes 1 ms more in each direction; a PING took ${tenths(results.roundTrip ?? NaN)} ms.

${tables.network(results)}

## Pickup

From the call of \`enqueue\` to the start of the handler, the worker being idle: 500 samples in each round after 200 to warm up; of pg-boss, which polls
twice a second at the most, 50.

${tables.pickup(results)}

## Start and idleness

The library, as it is published, @nestjs/bullmq and BullMQ have the smallest worker that takes jobs, without a schema; the template has all of its
modules.

${tables.boot(results)}

A worker of one queue that has nothing to do, scaled from 40 seconds, the first ten after the start not counted.

${tables.idle(results)}

## With the caller's transaction

${roundsText({ commits: results.outbox.commits })} Twenty callers commit an order with one job each, on the same PostgreSQL; nobody takes the jobs meanwhile. Those of scalr-queue and
graphile-worker wake a worker by NOTIFY, which PostgreSQL lets commit one after the other; with \`notify: false\` the relay looks every 250 ms.
From the call of COMMIT to the start of the handler, all idle: 300 samples after 50 to warm up, 30 of those that poll.

${outboxTables.outbox(results)}

The relay hands ${whole(relayed(results))} jobs a second to Redis and marks them in PostgreSQL, of many that were recorded before it began.

An ordinary \`enqueue\`, which records nothing, in an app that has an outbox and in one that has none:

${outboxTables.plainEnqueue(results)}

## Limiters and locks

Those of \`scalr-queue/shared\` beside those of npm, 50 callers at once, on one Redis, medians of three rounds by turns.

${outboxTables.shared(results)}

## Memory of Redis

By MEMORY USAGE of all keys but the event stream, whose length is bounded.

${tables.bytes(results)}

## A long queue

${tables.long(results)}

## Targets

${table(
  ['', 'wanted', 'measured', ''],
  list.map(({ what, wanted, got, met }) => [what, wanted, got, MARKS[String(met)] ?? '']),
)}

## Where we are behind

${behind || 'Every target that was measured was met in this run.'}
${results.failures.length > 0 ? `\n## Not measured\n\n${results.failures.map((line) => `- ${line}`).join('\n')}\n` : ''}`,
  );
  console.log(
    `BENCHMARKS.md: ${list.length - missed.length - unknown.length} targets met, ${missed.length} missed, ${unknown.length} not measured`,
  );
}

/** @type {Record<string, string>} */
const MARKS = { true: 'met', false: '**missed**', undefined: '**not measured**' };

/** What fitted into the time, of each side. @param {Results} results */
function roundsOf({ sides: measured, figures }) {
  const ids = measured.filter((id) => sides.some((side) => side.id === id));
  const counts = ids.map((id) => Math.max(0, ...Object.values(figures).map((row) => known(row[id]).length)));
  const named = [...new Set(counts)].map(
    (count) =>
      `${count} of ${ids
        .filter((_, at) => counts[at] === count)
        .map(titleOf)
        .join(', ')}`,
  );
  return named.join('; ');
}

/** @param {string} id */
const titleOf = (id) => sides.find((side) => side.id === id)?.title ?? id;

/** @type {Record<string, string>} */
const pythonNotes = {
  celery:
    'Celery: enqueued from 100 threads; the worker has `--pool threads`, or `solo` at concurrency 1, and acknowledges a job before it runs, as is its default.',
  rq: 'RQ: enqueued from 100 threads; a worker does one job at a time, here as a `SimpleWorker`, which does not fork for each of them.',
};

/** @param {Results} results */
function pythonNote(results) {
  const python = sides.filter(({ runtime }) => runtime === 'python');
  const lines = python.map(({ id, title }) =>
    results.sides.includes(id)
      ? pythonNotes[id]
      : `${title}: not measured, for Debian's package of it is not on this machine.`,
  );
  return `\n${lines.map((line) => `- ${line}`).join('\n')}\n`;
}
