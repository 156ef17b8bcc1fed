import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { provideRedis } from '../../scripts/redis/provide.mjs';

declare module 'vitest' {
  export interface ProvidedContext {
    redisUrl: string;
  }
}

/** `npm test` brings its Redis along; a bare `npx vitest` gets one here. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | void> {
  const given = process.env['SCALR_TEST_REDIS_URL'];
  if (given) {
    project.provide('redisUrl', given);
    return;
  }

  const dir = await mkdtemp(join(tmpdir(), 'scalr-test-redis-'));
  const redis = await provideRedis({ dir, log: (line) => console.log(line) });
  project.provide('redisUrl', redis.url);
  return async () => {
    await redis.stop();
    await rm(dir, { recursive: true, force: true });
  };
}
