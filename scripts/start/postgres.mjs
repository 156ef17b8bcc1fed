// @ts-check
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { providePostgres } from '../postgres/provide.mjs';
import { root } from '../workspace/root.mjs';

const run = promisify(execFile);

/**
 * A PostgreSQL with the tables of the outbox, where one can be had. The application runs without it, too. One that the user named
 * is only ever used: making tables there is up to them.
 *
 * @param {{ dir: string, log: (line: string) => void }} options
 * @returns {Promise<import('../postgres/provide.d.mts').ProvidedPostgres | undefined>}
 */
export async function postgresForApplication({ dir, log }) {
  const postgres = await providePostgres({ dir, keepData: true, log }).catch((/** @type {Error} */ error) => {
    if (process.env['SCALR_POSTGRES_URL']) throw error;
    log(`PostgreSQL cannot be started: ${error.message.split('\n')[0]}`);
    return undefined;
  });
  if (!postgres) {
    log('no PostgreSQL: the outbox is off, and orders are refused; SCALR_POSTGRES_URL names one');
    return undefined;
  }
  if (postgres.isPrivate) {
    const cli = join(root, 'libs/scalr-queue/dist/cli/main.js');
    const env = { ...process.env, SCALR_POSTGRES_URL: postgres.url };
    await run(process.execPath, [cli, 'outbox', 'migrate'], { env }).catch(async (error) => {
      await postgres.stop();
      throw error;
    });
  }
  return postgres;
}
