// @ts-check
/**
 * `npm run bench`: all sides in one run, in alternating rounds, and BENCHMARKS.md from it. `-- --quick` measures less, in three
 * rounds, and writes nothing; `-- --sides scalr-queue,bullmq` measures those; `-- --skip scrape,backlogs` leaves phases out, which are named as they
 * end. Celery and RQ are measured where Debian's packages of them are installed.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { installIfNeeded } from '../scripts/workspace/install.mjs';
import { npm } from '../scripts/workspace/npm.mjs';
import { root } from '../scripts/workspace/root.mjs';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    sides: { type: 'string' },
    rounds: { type: 'string' },
    skip: { type: 'string', default: '' },
  },
});

await installIfNeeded(new AbortController().signal);
if (!(await npm(['run', '--silent', 'build']))) process.exit(1);
if (!existsSync(join(root, 'bench/node_modules'))) {
  console.log('installing the other sides (bench/package.json)');
  const { status } = spawnSync('npm', ['ci', '--loglevel=error'], {
    cwd: join(root, 'bench'),
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(1);
}

const { measureAll } = await import('./measure-all.mjs');
const { printTable, writeReport } = await import('./report.mjs');
const results = await measureAll({
  isQuick: values.quick,
  rounds: Number(values.rounds ?? (values.quick ? 3 : 5)),
  only: values.sides?.split(','),
  skip: values.skip.split(','),
});
printTable(results);
if (!values.quick && !values.sides) await writeReport(results);
process.exit();
