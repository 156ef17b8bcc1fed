// @ts-check
import { existsSync } from 'node:fs';
import { isPortTaken } from '../process/ports.mjs';

/**
 * @typedef {object} PortSetting
 * @property {string} variable
 * @property {number} port
 */

/** The same values that the applications will read: the environment, then `.env`. */
export function readSettings() {
  if (existsSync('.env')) process.loadEnvFile('.env');
  const web = portFrom('PORT', 3000);
  const worker = portFrom('SCALR_WORKER_PORT', 3001);
  if (web.port === worker.port) {
    throw new Error(`PORT and SCALR_WORKER_PORT are both ${web.port}: they must differ`);
  }
  return { web, worker };
}

/** @param {PortSetting[]} settings */
export async function requireFreePorts(...settings) {
  for (const { variable, port } of settings) {
    if (!(await isPortTaken(port))) continue;
    throw new Error(
      `port ${port} is taken: free it, or choose another, as in ${variable}=${port + 100} npm start`,
    );
  }
}

/** @param {string} variable @param {number} fallback @returns {PortSetting} */
function portFrom(variable, fallback) {
  const value = process.env[variable] || String(fallback);
  const port = Number(value);
  if (!/^\d+$/.test(value) || port < 1 || port > 65_535) {
    throw new Error(`expected ${variable} to be a port from 1 to 65535, got: ${value}`);
  }
  return { variable, port };
}
