// @ts-check
import { isDockerUsable, startRedisContainer } from './docker.mjs';
import { findRedisServer } from './find.mjs';
import { acceptsConnections } from './ping.mjs';
import { startRedisServer } from './server.mjs';

/**
 * @typedef {import('./provide.d.mts').ProvideOptions} ProvideOptions
 * @typedef {import('./provide.d.mts').ProvidedRedis} ProvidedRedis
 */

const choices = `No Redis here, and none could be started. Choose one:
  - name a running one:    SCALR_REDIS_URL=redis://host:6379/0
  - install a server:      redis-server or valkey-server on PATH (macOS: brew install redis)
  - start Docker:          a redis:7 container is then used by itself`;

/**
 * A Redis to work with: the one that the user named, which is only ever used, or else a private
 * one that is started here and stopped by `stop()`, or when this process dies.
 *
 * @param {ProvideOptions} options
 * @returns {Promise<ProvidedRedis>}
 */
export async function provideRedis({ dir, keepData = false, log = () => {} }) {
  const named = process.env['SCALR_REDIS_URL'];
  if (named) return useNamed(named);

  const binaries = await findRedisServer(log);
  if (binaries) {
    const redis = await startRedisServer({ binaries, dir });
    return { url: redis.url, origin: binaries.server, exited: redis.exited, stop: () => redis.stop() };
  }
  if (await isDockerUsable()) {
    log('no redis-server found: using docker');
    const container = await startRedisContainer({ dir, keepData });
    return { url: container.url, origin: 'docker', exited: container.exited, stop: () => container.stop() };
  }
  throw new Error(choices);
}

/** @param {string} url @returns {Promise<ProvidedRedis>} */
async function useNamed(url) {
  const { hostname, port } = parse(url);
  const address = `${hostname}:${port || 6379}`; // The URL itself may hold a password.
  if (!(await acceptsConnections(hostname.replace(/^\[|\]$/g, ''), Number(port || 6379)))) {
    throw new Error(`SCALR_REDIS_URL names ${address}, where nothing accepts connections`);
  }
  return { url, origin: 'SCALR_REDIS_URL', exited: new Promise(() => {}), stop: async () => {} };
}

/** @param {string} url */
function parse(url) {
  if (!URL.canParse(url)) throw new Error('SCALR_REDIS_URL is not a URL like redis://host:6379/0');
  return new URL(url);
}
