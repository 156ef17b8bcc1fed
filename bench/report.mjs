// @ts-check
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { root } from '../scripts/workspace/root.mjs';
import { chart } from './chart.mjs';
import { median, ratioOf } from './median.mjs';
import { rows, sides, withBacklog } from './rows.mjs';
import { table, times, whole } from './table.mjs';
import { verdicts } from './verdicts.mjs';
import { commit, redisVersion, versions } from './versions.mjs';

/** @typedef {import('./measure-all.mjs').Results} Results */

/** Half the distance of the slowest and the fastest round, as a share of the median. @param {number[] | undefined} figures */
function spread(figures = []) {
  return (Math.max(...figures) - Math.min(...figures)) / 2 / median(figures);
}

/** @param {Results} results */
function throughputTable(results) {
  const shown = sides.filter(({ id }) => results.sides.includes(id));
  const lines = rows.map(({ id, title }) => {
    const base = results.perSecond[id]?.bullmq;
    const cells = shown.map((side) => {
      const figures = results.perSecond[id]?.[side.id];
      if (!figures) return '';
      return `${whole(median(figures))} ±${Math.round(spread(figures) * 100)} % (${times(ratioOf(figures, base))})`;
    });
    return [title, ...cells];
  });
  return table(['jobs per second', ...shown.map(({ title }) => title)], lines);
}

/** @param {Results} results */
function latencyTable(results) {
  const shown = sides.filter(({ id }) => results.pickup[id]);
  const ms = (/** @type {number} */ figure) => `${figure.toFixed(1)} ms`;
  return table(
    ['', ...shown.map(({ title }) => title)],
    [
      ['pickup p50', ...shown.map(({ id }) => ms(median(results.pickup[id]?.map(({ p50 }) => p50))))],
      ['pickup p99', ...shown.map(({ id }) => ms(median(results.pickup[id]?.map(({ p99 }) => p99))))],
      [
        'worker ready after',
        ...shown.map(({ id }) =>
          results.boot[id] ? `${whole(median(results.boot[id]?.map((it) => it.ms)))} ms` : '',
        ),
      ],
      [
        'memory of the worker then',
        ...shown.map(({ id }) =>
          results.boot[id] ? `${whole(median(results.boot[id]?.map((it) => it.rss)))} MB` : '',
        ),
      ],
      [
        'bytes of Redis per waiting job',
        ...shown.map(({ id }) => (results.bytes[id] ? whole(results.bytes[id].waiting) : '')),
      ],
      [
        'bytes of Redis per completed job',
        ...shown.map(({ id }) => (results.bytes[id] ? whole(results.bytes[id].completed) : '')),
      ],
    ],
  );
}

/** @param {Results} results */
function backlogTable(results) {
  const pair = sides.filter(({ id }) => withBacklog.some((row) => results.backlog[row]?.[id]));
  const lines = withBacklog.map((row) => [
    rows.find(({ id }) => id === row)?.title ?? row,
    ...pair.map(({ id }) => {
      const figures = results.backlog[row]?.[id];
      return `${whole(median(figures))} (${times(ratioOf(figures, results.perSecond[row]?.[id]))} of that with none)`;
    }),
  ]);
  return table(['with 1,000,000 jobs waiting', ...pair.map(({ title }) => title)], lines);
}

/** @param {Results} results */
export function printTable(results) {
  console.log(`\n${throughputTable(results)}\n\n${latencyTable(results)}\n\n${backlogTable(results)}\n`);
  for (const { what, wanted, got, met } of verdicts(results))
    console.log(`${met ? 'met   ' : 'MISSED'} ${what}: ${got}, wanted ${wanted}`);
  for (const failure of results.failures) console.log(`failed: ${failure}`);
}

/** @param {Results} results */
export async function writeReport(results) {
  const list = verdicts(results);
  const missed = list.filter(({ met }) => !met);
  const behind = missed.map(({ what, wanted, got }) => `- **${what}**: ${got}, wanted ${wanted}`).join('\n');
  writeFileSync(join(root, 'docs/images/benchmarks.svg'), chart(results));
  writeFileSync(
    join(root, 'BENCHMARKS.md'),
    `# How fast

All sides in one run, each measurement in a process of its own against a fresh server (Redis with AOF everysec, PostgreSQL with its
ordinary settings), medians of ${results.rounds} alternating rounds. Ours has everything on that an app has: schemas, timeouts, retries,
life-cycle events, metrics; plain BullMQ has the same options for jobs and workers. Logs are off on all sides. The machine is small and
shared: compare figures of one line, not with those of other machines. A side is warmed up before it is measured, a worker of Node by 6,000 jobs of Redis or 1,200 of PostgreSQL.
Written by \`npm run bench\`; nothing in it is written by hand.

![jobs per second, times plain BullMQ](docs/images/benchmarks.svg)

- **Machine** ${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB, ${new Date().toISOString().slice(0, 10)}
- **Versions** Node ${process.versions.node}, Redis ${await redisVersion()}, ${versions()}, commit ${commit()}
- **Again** \`npm run bench\` (all of it), \`npm run bench -- --quick\` (the two that matter, three rounds)

## Throughput

In brackets: times plain BullMQ, the median of what the rounds gave one by one. ± is half the distance of the slowest and the fastest round.

${throughputTable(results)}

*The bare script* is the ceiling: the EVALSHA that adds a job, sent again and again with nothing of a library around it.
${pythonNote(results)}
## Latency, start and memory

Pickup: from the call of \`enqueue\` to the start of the handler, the worker being idle. pg-boss polls, twice a second at the most.

${latencyTable(results)}

## A long queue

${backlogTable(results)}

## Targets

${table(
  ['', 'wanted', 'measured', ''],
  list.map(({ what, wanted, got, met }) => [what, wanted, got, met ? 'met' : '**missed**']),
)}

## Where we are behind

${behind || 'Every target was met in this run.'}
${results.failures.length > 0 ? `\nNot measured: ${results.failures.join('; ')}.\n` : ''}`,
  );
  console.log(`BENCHMARKS.md: ${list.length - missed.length} targets met, ${missed.length} missed`);
}

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
