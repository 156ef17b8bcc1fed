// @ts-check
/**
 * `npm run matrix [NODE...]` after a build: the packed library on every supported major of Node (or those versions) with every one
 * of Nest, each running `smoke.mjs` over a Redis of its own, and an app of `nest new` of that version that the generator has made
 * ready: its tests, a job, the lines of its log, SIGTERM. Prints one table; every step has a deadline.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { provideRedis } from '../redis/provide.mjs';
import { makeApp, tryApp } from './generated-app.mjs';
import { install, pack } from './project.mjs';

const NESTS = ['12', '11'];
const NEST_PACKAGES = ['common', 'core', 'platform-express', 'bullmq', 'terminus'];
/** Versions of Node are kept here, each as its npm package; remove the folder to have them anew. */
const CACHE = resolve('.nodes');
const SMOKE_DEADLINE = 60_000;

const asked = process.argv.slice(2);
const versions = asked.length > 0 ? asked : ['20', '22', '24'];
const dir = mkdtempSync(join(tmpdir(), 'scalr-matrix-'));
const redis = await provideRedis({ dir: join(dir, 'redis') });
const rows = [];
try {
  const nodes = versions.map(findNode);
  progress('packing the library');
  const { file } = pack(dir);
  for (const nest of NESTS) {
    const project = join(dir, `nest-${nest}`);
    progress(`installing it beside Nest ${nest}`);
    const parts = NEST_PACKAGES.map((part) => `@nestjs/${part}@${nest}`);
    install(project, [file, ...parts, 'reflect-metadata@0.2', 'rxjs@7']);
    copyFileSync('scripts/release/smoke.mjs', join(project, 'smoke.mjs'));
    progress(`making an app with the Nest CLI ${nest}`);
    const app = makeApp(dir, nest, file);
    for (const node of nodes) {
      const row = smoke(node, project);
      progress('the generated app on the same');
      const generated = await tryApp(node, app, redis.url);
      if (generated !== 'ok') console.log(generated);
      rows.push({ ...row, generated: generated === 'ok' ? 'ok' : 'FAILED' });
    }
  }
} finally {
  await redis.stop();
  rmSync(dir, { recursive: true, force: true });
}
console.table(rows);
process.exitCode = rows.every(({ smoke, generated }) => smoke === 'ok' && generated === 'ok') ? 0 : 1;

/** The program of a version of Node: the one that runs this, or its npm package. @param {string} version */
function findNode(version) {
  if (process.versions.node.split('.')[0] === version) return process.execPath;
  const home = join(CACHE, version);
  const node = join(home, 'node_modules/node/bin/node');
  if (!existsSync(node)) {
    progress(`fetching Node ${version}`);
    install(home, [`node@${version}`]);
  }
  return node;
}

/** @param {string} node @param {string} project */
function smoke(node, project) {
  const nest = JSON.parse(readFileSync(join(project, 'node_modules/@nestjs/core/package.json'), 'utf8'));
  const row = { Node: run(node, ['--version'], project).stdout.trim(), Nest: nest.version };
  progress(`smoke on Node ${row.Node} with Nest ${row.Nest}`);
  const started = performance.now();
  const { status, stdout, stderr, error } = run(node, ['smoke.mjs'], project);
  const isRight = status === 0 && stdout.includes('finished while shutting down');
  if (!isRight) console.log(`exit code ${status} ${error ?? ''}\n${stdout}${stderr}`);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  return { ...row, smoke: isRight ? 'ok' : 'FAILED', seconds };
}

/** @param {string} node @param {string[]} args @param {string} cwd */
function run(node, args, cwd) {
  const env = { ...process.env, SCALR_REDIS_URL: redis.url };
  return spawnSync(node, args, {
    cwd,
    env,
    encoding: 'utf8',
    timeout: SMOKE_DEADLINE,
    killSignal: 'SIGKILL',
  });
}

/** @param {string} what */
function progress(what) {
  console.log(`${(performance.now() / 1000).toFixed(0).padStart(4)} s  ${what}`);
}
