// @ts-check
import { randomBytes } from 'node:crypto';
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

/**
 * Where the dashboard is and who may open it: whoever has started it, with a password that lasts as long as the run and may do
 * everything. One that is set is used as it is, and not shown.
 *
 * @param {number} port
 */
export function dashboardFor(port) {
  const user = process.env['SCALR_DASHBOARD_USER'] || 'admin';
  const url = `http://localhost:${port}/queues`;
  if (process.env['SCALR_DASHBOARD_PASSWORD']) return { url, user, password: undefined, env: {} };
  const password = randomBytes(12).toString('base64url');
  const writes = process.env['SCALR_DASHBOARD_WRITES'] || 'true';
  const env = {
    SCALR_DASHBOARD_USER: user,
    SCALR_DASHBOARD_PASSWORD: password,
    SCALR_DASHBOARD_WRITES: writes,
  };
  return { url, user, password, env };
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
