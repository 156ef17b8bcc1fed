import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineJob } from 'scalr-queue';
import { onTestFinished } from 'vitest';
import { startProducer } from '../../support/apps.js';
import { startWorker } from './start.js';

/** The contract of `test/e2e/apps/held.mjs`. */
export const Held = defineJob<{ gate: string }>('held', { timeout: '2m' });

/** A file that keeps held jobs running until it is there; then each of them adds a line. */
export async function closedGate() {
  const dir = await mkdtemp(join(tmpdir(), 'scalr-gate-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const path = join(dir, 'gate');
  return {
    path,
    open: () => writeFile(path, ''),
    finished: async () => (await readFile(path, 'utf8')).trim().split('\n').filter(Boolean),
  };
}

/** A worker of held jobs. */
export const startHeldWorker = (redisUrl: string, env?: Record<string, string>) =>
  startWorker(redisUrl, env, 'test/e2e/apps/held.worker.mjs');

/** What enqueues them and looks at them. */
export const startHeldProducer = (redisUrl: string) => startProducer({ redis: redisUrl, app: 'e2e' });
