// @ts-check
import { createServer } from 'node:net';

/**
 * A port that nobody listens on now. Another process may take it before you do, so whoever
 * starts a server on it must be ready to try another.
 *
 * @returns {Promise<number>}
 */
export async function freePort() {
  const server = await listen({ port: 0, host: '127.0.0.1' });
  const address = server.address();
  await close(server);
  if (address === null || typeof address === 'string') throw new Error('a TCP server has no port');
  return address.port;
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
