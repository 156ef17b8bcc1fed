import { join } from 'node:path';
import { root } from '../workspace/root.mjs';
import { below, violation, violations } from './imports.mjs';
import { LAYERS, PACKAGES } from './layers.mjs';

it('every import of the library is one that the table of layers allows', () => {
  expect(violations(join(root, 'libs/scalr-queue/src'))).toEqual([]);
});

it.each([
  ['contract/retry-policy.ts', '../config/environment.js'],
  ['producer/job.sender.ts', '../worker/job.runner.js'],
  ['worker/job.runner.ts', '../producer/job.sender.js'],
  ['cli/cli.ts', '../index.js'],
  ['health/health.report.ts', 'ioredis'],
  ['contract/schema.ts', '@nestjs/common'],
  ['unheard-of/new.ts', '../contract/schema.js'],
])('%s may not import %s', (file, specifier) => {
  expect(violation(file, specifier)).toContain(file);
});

it('has no circle of folders, but for the threads of the worker', () => {
  const circles = Object.keys(LAYERS).filter((layer) => below(layer).has(layer));
  expect(circles).toEqual(['worker', 'worker/thread']);
});

it('names no folder that is not in it', () => {
  const named = [...Object.values(LAYERS), ...Object.values(PACKAGES)].flat();
  expect(named.filter((layer) => !(layer in LAYERS) && !layer.endsWith('.ts'))).toEqual([]);
});
