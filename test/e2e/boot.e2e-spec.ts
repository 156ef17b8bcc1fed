import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
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

it('boots with what every worker needs, and loads the rest at its first use', async () => {
  const redis = await startRedis();
  const folder = await mkdtemp(join(tmpdir(), 'scalr-boot-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'modules.txt');
  const env = {
    LOADED_MODULES: file,
    NODE_OPTIONS: `--import=${resolve('test/e2e/apps/loaded-modules.mjs')}`,
  };
  const worker = await startWorker(redis.url, env, 'test/e2e/apps/held.worker.mjs');
  const loaded = async () => {
    const modules = await readFile(file, 'utf8');
    return AT_FIRST_USE.filter((name) => modules.includes(`/node_modules/${name}`));
  };
  await worker.process.waitForOutput(/Worker ready/);
  expect(await readFile(file, 'utf8')).toContain('/node_modules/bullmq/');
  expect(await loaded()).toEqual([]);

  await ready(worker);
  expect(await loaded()).toEqual(['@nestjs/terminus']);
  expect((await fetch(`${worker.url}/metrics`)).status).toBe(200);
  // prom-client brings OpenTelemetry along.
  expect(await loaded()).toEqual(['@nestjs/terminus', '@opentelemetry/api', 'prom-client']);
});
