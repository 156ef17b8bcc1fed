// @ts-check
/**
 * `npm run matrix` after a build: every supported major of Node (from the npm package `node`) with every one of Nest, each
 * running `smoke.mjs` over the packed library and a Redis of its own; and the unit tests on every Node.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { provideRedis } from '../redis/provide.mjs';
import { install, pack } from './project.mjs';

const NODES = ['20', '22', '24'];
const NESTS = ['11', '12'];

const dir = mkdtempSync(join(tmpdir(), 'scalr-matrix-'));
const redis = await provideRedis({ dir: join(dir, 'redis') });
let isRight = true;
try {
  const { file } = pack(dir);
  for (const nest of NESTS) {
    const parts = ['common', 'core', 'platform-express', 'bullmq', 'terminus'];
    const project = join(dir, `nest-${nest}`);
    install(project, [
      file,
      ...parts.map((part) => `@nestjs/${part}@${nest}`),
      'reflect-metadata@0.2',
      'rxjs@7',
    ]);
    copyFileSync('scripts/release/smoke.mjs', join(project, 'smoke.mjs'));
  }
  for (const version of NODES) {
    const home = join(dir, `node-${version}`);
    install(home, [`node@${version}`]);
    const node = join(home, 'node_modules/node/bin/node');
    for (const nest of NESTS)
      report(`Node ${version}, Nest ${nest}`, node, ['smoke.mjs'], join(dir, `nest-${nest}`));
    report(
      `Node ${version}, unit tests`,
      node,
      [resolve('node_modules/vitest/vitest.mjs'), 'run', '--project', 'unit'],
      '.',
    );
  }
} finally {
  await redis.stop();
  rmSync(dir, { recursive: true, force: true });
}
process.exitCode = isRight ? 0 : 1;

/** @param {string} what @param {string} node @param {string[]} args @param {string} cwd */
function report(what, node, args, cwd) {
  const env = { ...process.env, SCALR_REDIS_URL: redis.url };
  const { status, stdout, stderr } = spawnSync(node, args, { cwd, env, encoding: 'utf8', timeout: 180_000 });
  console.log(`${status === 0 ? 'ok     ' : 'FAILED '} ${what}`);
  if (status === 0) return;
  isRight = false;
  console.log(stdout + stderr);
}
