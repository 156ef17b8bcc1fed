// @ts-check
import { createServer } from 'node:net';

/** Below the ports that systems give to outgoing connections, also with the 10,000 that a node of a cluster adds for its bus. */
const FIRST = 10_000;
const COUNT = 12_000;

/** @type {Set<number>} */
const given = new Set();

/**
 * A port that nobody listens on now, that no connection of this machine will take by chance, and that this process was not given
 * before. Another process may take it before you do, so whoever starts a server on it must be ready to try another.
 *
 * @returns {Promise<number>}
 */
export async function freePort() {
  for (let tries = 0; tries < 1_000; tries++) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (given.has(port) || (await isPortTaken(port))) continue;
    given.add(port);
    return port;
  }
  throw new Error(`no port from ${FIRST} to ${FIRST + COUNT - 1} is free`);
}

/** @param {number} port @returns {Promise<boolean>} */
export async function isPortTaken(port) {
  try {
    await close(await listen({ port })); // On every address, as the applications listen.
    return false;
  } catch {
    return true;
  }
}

/**
 * @param {import('node:net').ListenOptions} options
 * @returns {Promise<import('node:net').Server>}
 */
function listen(options) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(options, () => resolve(server));
  });
}

/** @param {import('node:net').Server} server @returns {Promise<void>} */
function close(server) {
  return new Promise((resolve) => server.close(() => resolve()));
}
