import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { onTestFinished } from 'vitest';
import { ready, startRedis, startWorker } from './support/start.js';

/** Packages that a worker may have, and needs for some of what it can do. */
const AT_FIRST_USE = [
  '@bull-board/',
  '@nestjs/platform-express',
  '@nestjs/terminus',
  '@opentelemetry/api',
  'commander',
  'express',
  'piscina',
  'prom-client',
  'typescript',
];

/** A worker that notes the modules it loads, and how to read the notes. */
async function startNoting(script: string) {
  const redis = await startRedis();
  const folder = await mkdtemp(join(tmpdir(), 'scalr-boot-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'modules.txt');
  const env = {
    LOADED_MODULES: file,
    NODE_OPTIONS: `--import=${resolve('test/e2e/apps/loaded-modules.mjs')}`,
  };
  const worker = await startWorker(redis.url, env, script);
  await worker.process.waitForOutput(/Worker ready/);
  return { worker, modules: async () => (await readFile(file, 'utf8')).trim().split('\n') };
}

it('boots with what every worker needs, and loads the rest at its first use', async () => {
  const { worker, modules } = await startNoting('test/e2e/apps/held.worker.mjs');
  const loaded = async () => {
    const paths = await modules();
    return AT_FIRST_USE.filter((name) => paths.some((path) => path.includes(`/node_modules/${name}`)));
  };
  expect((await modules()).some((path) => path.includes('/node_modules/bullmq/'))).toBe(true);
  expect(await loaded()).toEqual([]);
  const own = (await modules()).filter((path) => path.includes('/libs/scalr-queue/dist/'));
  expect(own.some((path) => path.endsWith('/libs/scalr-queue/dist/worker.js'))).toBe(true);
  // Some 400 files of sources are in them.
  expect(own.length).toBeLessThan(30);

  await ready(worker);
  expect(await loaded()).toEqual(['@nestjs/terminus']);
  expect((await fetch(`${worker.url}/metrics`)).status).toBe(200);
  // prom-client brings OpenTelemetry along.
  expect(await loaded()).toEqual(['@nestjs/terminus', '@opentelemetry/api', 'prom-client']);
});

it('is a few files in the template, with the way back to the sources', async () => {
  const { modules } = await startNoting('dist/main.worker.js');
  const paths = await modules();
  const dist = pathToFileURL(resolve('dist')).href;
  const own = paths.filter((path) => path.startsWith(dist));
  expect(own).toContain(`${dist}/main.worker.js`);
  // Some 400 files of sources are in them.
  expect(own.length).toBeLessThan(30);
  const bundled = ['@nestjs/', 'bullmq/', 'ioredis/', 'rxjs/', 'scalr-queue/'];
  expect(paths.filter((path) => bundled.some((name) => path.includes(`/node_modules/${name}`)))).toEqual([]);

  const { sources } = JSON.parse(await readFile('dist/main.worker.js.map', 'utf8')) as { sources: string[] };
  const files = sources.map((source) => resolve('dist', source));
  expect(files).toContain(resolve('src/reports/report.processor.ts'));
});
