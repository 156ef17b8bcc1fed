// @ts-check
import { isDockerUsable } from '../redis/docker.mjs';
import { startPostgresContainer } from './docker.mjs';
import { findPostgres } from './find.mjs';
import { answersStartup } from './ping.mjs';
import { fleeting, startPostgresServer } from './server.mjs';

/**
 * @typedef {import('./provide.d.mts').ProvideOptions} ProvideOptions
 * @typedef {import('./provide.d.mts').ProvidedPostgres} ProvidedPostgres
 */

/** What there is to do where none can be had. */
export const choices = `No PostgreSQL here, and none could be started. Choose one:
  - name a running one:    SCALR_POSTGRES_URL=postgres://user:password@host:5432/database
  - install a server:      postgres on PATH (macOS: brew install postgresql)
  - start Docker:          a postgres:17 container is then used by itself`;

/**
 * A PostgreSQL to work with: the one that the user named, which is only ever used, or else a private one that is started here and
 * stopped by `stop()`, or when this process dies. Undefined where none can be had.
 *
 * @param {ProvideOptions} options
 * @returns {Promise<ProvidedPostgres | undefined>}
 */
export async function providePostgres({ dir, keepData = false, log = () => {} }) {
  const named = process.env['SCALR_POSTGRES_URL'];
  if (named) return useNamed(named);

  const settings = keepData ? [] : fleeting;
  const binaries = await findPostgres(log);
  if (binaries) {
    const { url, exited, stop } = await startPostgresServer({ binaries, dir, settings });
    return { url, origin: binaries.folder, isPrivate: true, exited, stop: () => stop() };
  }
  if (await isDockerUsable()) {
    log('no postgres found: using docker');
    const { url, exited, stop } = await startPostgresContainer({ dir, keepData, settings });
    return { url, origin: 'docker', isPrivate: true, exited, stop: () => stop() };
  }
  return undefined;
}

/** @param {string} url @returns {Promise<ProvidedPostgres>} */
async function useNamed(url) {
  if (!URL.canParse(url)) {
    throw new Error('SCALR_POSTGRES_URL is not a URL like postgres://user:password@host:5432/database');
  }
  const { hostname, port } = new URL(url);
  if (!(await answersStartup(hostname.replace(/^\[|\]$/g, ''), Number(port || 5432)))) {
    throw new Error(`SCALR_POSTGRES_URL names ${hostname}:${port || 5432}, where no PostgreSQL answers`);
  }
  const neverEnds = new Promise(() => {});
  return { url, origin: 'SCALR_POSTGRES_URL', isPrivate: false, exited: neverEnds, stop: async () => {} };
}
