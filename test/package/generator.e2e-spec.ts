import { inject } from 'vitest';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../support/ports.js';
import { AppProcess } from '../support/processes.js';

const run = promisify(execFile);
const nest = resolve('node_modules/@nestjs/cli/bin/nest.js');
const cli = resolve('libs/scalr-queue/dist/cli/main.js');
const redis = inject('redisUrl');

let dir: string;
const node = (...args: string[]) => run(process.execPath, args, { cwd: dir, timeout: 120_000 });
const generate = (...args: string[]) => node(nest, 'g', '-c', 'scalr-queue', ...args);

/** Of the sources: what `nest new` puts beside them needs packages that this workspace does not have. */
async function typeErrors(): Promise<string[]> {
  const compiler = resolve('node_modules/typescript/bin/tsc');
  const compiled = await node(compiler, '--noEmit', '--pretty', 'false').catch(
    (error: { stdout: string }) => error,
  );
  return compiled.stdout.split('\n').filter((line) => line.startsWith('src/'));
}
const read = (file: string) => readFile(join(dir, file), 'utf8');

beforeAll(async () => {
  const parent = await mkdtemp(join(tmpdir(), 'scalr-generator-'));
  const flags = ['--skip-git', '--skip-install', '--no-observe', '--package-manager', 'npm'];
  await run(process.execPath, [nest, 'new', 'fresh-app', ...flags], { cwd: parent });
  dir = join(parent, 'fresh-app');
  await symlink(resolve('node_modules'), join(dir, 'node_modules'));
  const manifest = JSON.parse(await read('package.json')) as { dependencies: Record<string, string> };
  manifest.dependencies['zod'] = '^4.0.0';
  await writeFile(join(dir, 'package.json'), JSON.stringify(manifest, null, 2));
}, 120_000);
afterAll(() => rm(join(dir, '..'), { recursive: true, force: true }));

it('makes a fresh application that builds, passes its tests, and runs a job', async () => {
  await generate('worker');
  await generate('job', 'invoices/send-invoice');
  await node(cli, 'generate', 'job', 'nightly', '--schedule', '0 3 * * *', '--queue', 'night');
  expect((await generate('worker')).stdout).toContain('Nothing to be done.');
  expect(await read('src/worker.module.ts')).toContain('NightlyWorkerModule');

  await cp('test/package/generator/enqueue.mjs', join(dir, 'enqueue.mjs'));
  await node(nest, 'build');
  // Of the config of `nest new` only the plugin is left out, which this workspace does not have.
  await writeFile(
    join(dir, 'vitest.config.ts'),
    "export default { test: { globals: true, include: ['src/**/*.spec.ts'] } };",
  );
  expect(await typeErrors()).toEqual([]);
  const tests = await node(resolve('node_modules/vitest/vitest.mjs'), 'run');
  expect(tests.stdout).toMatch(/3 passed/);

  const [port, workerPort] = [await freePort(), await freePort()];
  const env = {
    SCALR_REDIS_URL: redis,
    SCALR_APP: `generated-${process.pid}`,
    PORT: String(port),
    SCALR_WORKER_PORT: String(workerPort),
  };
  const start = (script: string) => AppProcess.start({ script, cwd: dir, env });
  await using web = await start('dist/main.js');
  await using worker = await start('dist/main.worker.js');
  await web.waitForHttp(`http://127.0.0.1:${port}/health/ready`);
  await worker.waitForHttp(`http://127.0.0.1:${workerPort}/health/ready`);
  await using caller = await start('enqueue.mjs');
  await caller.waitForOutput(/state: completed/);
  // Nest ends a web process by the signal that it was sent, once it has closed.
  expect(await web.stop()).toMatchObject({ signal: 'SIGTERM' });
  expect(await worker.stop()).toMatchObject({ code: 0 });
  expect(worker.output).toContain('0 handed back');
}, 180_000);
