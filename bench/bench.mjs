// @ts-check
/**
 * `npm run bench`: all sides in one run, in alternating rounds, and BENCHMARKS.md from it. What fails is told of there and ends the run with
 * 1; the rest is measured all the same. Options, after `--`:
 *
 *     --minutes 20                  what all of it may take after the build; fewer rounds are measured where they do not fit
 *     --rounds 5                    at the most
 *     --quick                       the two that matter, shorter; writes nothing
 *     --sides scalr-queue,bullmq    those; writes nothing
 *     --skip scrape,backlogs        leaves phases out, which are named as they begin
 *     --scale 0.02                  measures so much less, to try the benchmark itself; writes nothing
 *     --out FOLDER                  writes BENCHMARKS.md and its picture there instead, whatever was measured
 *
 * Celery and RQ are measured where Debian's packages of them are installed.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { installIfNeeded } from '../scripts/workspace/install.mjs';
import { npm } from '../scripts/workspace/npm.mjs';
import { root } from '../scripts/workspace/root.mjs';
import { Attempts } from './attempts.mjs';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '20' },
    sides: { type: 'string' },
    rounds: { type: 'string' },
    skip: { type: 'string', default: '' },
    scale: { type: 'string', default: '1' },
    out: { type: 'string' },
  },
});
const minutes = Number(values.minutes);
const scale = Number(values.scale);

await installIfNeeded(new AbortController().signal);
if (!(await npm(['run', '--silent', 'build']))) process.exit(1);
const attempts = new Attempts();
if (!existsSync(join(root, 'bench/node_modules/pg-boss'))) {
  console.log('installing the other sides (bench/package.json)');
  if (!inBench('ci')) process.exit(1);
}
if (!existsSync(join(root, 'bench/node_modules/rate-limiter-flexible'))) {
  const others = ['rate-limiter-flexible@8', 'redlock@5.0.0-beta.2'];
  if (!inBench('install', '--no-save', ...others)) attempts.note('the limiters of npm cannot be installed');
}

const { chosenSides, measureAll, noResults } = await import('./measure-all.mjs');
const { printTable, writeReport } = await import('./report.mjs');
const settings = {
  minutes,
  scale,
  rounds: Number(values.rounds ?? (values.quick ? 3 : 5)),
  ids: chosenSides({ isQuick: values.quick, only: values.sides?.split(',') }),
  skip: values.skip.split(','),
  backlog: (values.quick ? 120_000 : 1_200_000) * Math.min(1, scale),
  idleSeconds: Math.max(5, (values.quick ? 10 : 40) * Math.min(1, scale)),
};
const results = noResults(settings);
results.failures = attempts.failures;
// One that nobody waits for, such as that of a connection, is no reason to lose what was measured.
process.on('uncaughtException', (error) => attempts.note(error.stack ?? error.message));

console.log(
  `It takes at most about ${minutes} minutes, done by ${new Date(Date.now() + minutes * 60_000).toTimeString().slice(0, 5)}.`,
);
await measureAll(settings, results, attempts);
await attempts.try('the tables', async () => printTable(results));
const isWhole = !values.quick && !values.sides && scale === 1;
if (values.out || isWhole)
  await attempts.try('BENCHMARKS.md', () => writeReport(results, values.out ?? root));
process.exit(attempts.failures.length > 0 ? 1 : 0);

/** @param {string[]} args of npm */
function inBench(...args) {
  const { status } = spawnSync('npm', [...args, '--loglevel=error'], {
    cwd: join(root, 'bench'),
    stdio: 'inherit',
  });
  return status === 0;
}
