// @ts-check
import { join } from 'node:path';
import { findPostgres } from '../postgres/find.mjs';
import { choices, providePostgres } from '../postgres/provide.mjs';
import { findRedisServer } from '../redis/find.mjs';
import { provideRedis } from '../redis/provide.mjs';

/**
 * The Redis and the PostgreSQL that the tests share, and the programs of both: some tests start servers of their own, to kill and
 * freeze them.
 *
 * @param {string} dir
 * @returns {Promise<{ env: Record<string, string>, origins: string[], stop: () => Promise<void> }>} `env` tells the tests
 */
export async function serversForTests(dir) {
  const log = console.log;
  const redis = await provideRedis({ dir: join(dir, 'redis'), log });
  try {
    const postgres = await providePostgres({ dir: join(dir, 'postgres'), log });
    if (!postgres) throw new Error(choices);
    return {
      env: {
        SCALR_TEST_REDIS_URL: redis.url,
        SCALR_TEST_POSTGRES_URL: postgres.url,
        ...(await programs(log)),
      },
      origins: [`redis: ${redis.origin}`, `postgres: ${postgres.origin}`],
      stop: async () => void (await Promise.all([redis.stop(), postgres.stop()])),
    };
  } catch (error) {
    await redis.stop();
    throw error;
  }
}

/** @param {(line: string) => void} log @returns {Promise<Record<string, string>>} */
async function programs(log) {
  const redis = await findRedisServer(log);
  const postgres = await findPostgres(log);
  return {
    ...(redis && { SCALR_TEST_REDIS_SERVER: redis.server, SCALR_TEST_REDIS_LD_PATH: redis.libraryPath }),
    ...(postgres && {
      SCALR_TEST_POSTGRES_FOLDER: postgres.folder,
      SCALR_TEST_POSTGRES_LD_PATH: postgres.libraryPath,
    }),
  };
}
