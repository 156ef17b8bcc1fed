// @ts-check
import { execFile } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { withMissing } from '../redis/debian-dependencies.mjs';
import { isDebian, unpackDebianPackages } from '../redis/debian-package.mjs';
import { libraryPath, which } from '../redis/find.mjs';

const run = promisify(execFile);
const cache = fileURLToPath(new URL('../../.pgbouncer', import.meta.url));

/**
 * PgBouncer: the one on PATH, else the distribution's package, fetched once. Undefined where neither can be had.
 *
 * @param {(line: string) => void} [log]
 * @returns {Promise<import('./find.d.mts').PgBouncer | undefined>}
 */
export async function findPgBouncer(log = () => {}) {
  const present = which('pgbouncer') ?? which('/usr/sbin/pgbouncer');
  if (present) return { path: present, env: { ...process.env } };
  if (!isDebian()) return undefined;
  try {
    const root = await unpackDebianPackages({
      cache,
      // Not what the package brings along to be a service.
      choose: (apt) => withMissing(apt, ['pgbouncer'], (name) => name.startsWith('lib')),
      notice: "no PgBouncer: unpacking the distribution's package into .pgbouncer/ (once)",
      log,
    });
    const libraries = [libraryPath(root), process.env['LD_LIBRARY_PATH']].filter(Boolean).join(delimiter);
    const found = {
      path: join(root, 'usr/sbin/pgbouncer'),
      env: { ...process.env, LD_LIBRARY_PATH: libraries },
    };
    await run(found.path, ['--version'], { env: found.env });
    return found;
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    log(`the distribution's PgBouncer package cannot be used: ${message.split('\n')[0]}`);
    return undefined;
  }
}
