// @ts-check
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDebian, unpackDebianPackages, unpackedFolder } from '../redis/debian-package.mjs';
import { which } from '../redis/find.mjs';

/** @typedef {import('./find.d.mts').PrometheusTools} PrometheusTools */

const cache = fileURLToPath(new URL('../../.prometheus', import.meta.url));

/**
 * The tools of Prometheus: those on PATH, else the distribution's package, fetched once.
 *
 * @param {(line: string) => void} [log]
 * @returns {Promise<PrometheusTools | undefined>}
 */
export async function findPrometheus(log = () => {}) {
  const present = findPresentPrometheus();
  if (present || !isDebian()) return present;
  try {
    // Its programs are linked statically: they need nothing of what the package depends on.
    const choose = async () => ['prometheus'];
    const notice = "no promtool on PATH: unpacking the distribution's package into .prometheus/ (once)";
    return toolsIn(join(await unpackDebianPackages({ cache, choose, notice, log }), 'usr/bin'));
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    log(`the distribution's Prometheus package cannot be used: ${message.split('\n')[0]}`);
    return undefined;
  }
}

/**
 * The same without fetching anything.
 *
 * @returns {PrometheusTools | undefined}
 */
export function findPresentPrometheus() {
  const promtool = process.env['SCALR_TEST_PROMTOOL'] ?? which('promtool');
  const server = process.env['SCALR_TEST_PROMETHEUS'] ?? which('prometheus');
  if (promtool && server) return { promtool, server };
  return isDebian() ? toolsIn(join(unpackedFolder(cache), 'usr/bin')) : undefined;
}

/** @param {string} folder @returns {PrometheusTools | undefined} */
function toolsIn(folder) {
  const tools = { promtool: join(folder, 'promtool'), server: join(folder, 'prometheus') };
  return existsSync(tools.promtool) && existsSync(tools.server) ? tools : undefined;
}
