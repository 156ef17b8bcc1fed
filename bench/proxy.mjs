// @ts-check
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { Redis } from 'ioredis';

const PINGS = 100;

/**
 * A way to a server on this machine on which everything takes `ms` longer, in each direction, as over a network: what is sent
 * meanwhile is not held up by it.
 *
 * @param {string} url @param {number} ms
 * @returns {Promise<{ url: string, roundTrip: () => Promise<number>, stop: () => void }>}
 */
export async function slowWayTo(url, ms) {
  const target = new URL(url);
  /** @type {Set<import('node:net').Socket>} */
  const open = new Set();
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ host: target.hostname, port: Number(target.port), noDelay: true });
    for (const [from, to] of /** @type {const} */ ([
      [near, far],
      [far, near],
    ])) {
      open.add(from);
      deliverLater(from, to, ms);
      from.on('close', () => [open.delete(from), to.destroy()]);
      from.on('error', () => to.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const slow = new URL(url);
  slow.port = String(/** @type {import('node:net').AddressInfo} */ (server.address()).port);
  return {
    url: slow.href,
    /** Milliseconds, on an average, that a PING takes. */
    roundTrip: async () => {
      const redis = new Redis(slow.href);
      await redis.ping();
      const began = performance.now();
      for (let number = 0; number < PINGS; number++) await redis.ping();
      redis.disconnect();
      return (performance.now() - began) / PINGS;
    },
    stop: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

/**
 * A timer of Node may be late by a part of a millisecond, and one that looked at the clock all the time would take a core from what is
 * measured: how slow the way is says a PING.
 *
 * @param {import('node:net').Socket} from @param {import('node:net').Socket} to @param {number} ms
 */
function deliverLater(from, to, ms) {
  from.on('data', (chunk) => setTimeout(() => to.destroyed || to.write(chunk), ms));
}
