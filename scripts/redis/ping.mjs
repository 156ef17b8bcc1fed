// @ts-check
import { connect } from 'node:net';

/**
 * Whether the Redis on this port takes commands, and is the process `pid` when one is given:
 * with a port lost to somebody else's Redis, an answer alone proves nothing.
 * "No, you must log in" counts as an answer; "loading" and silence do not.
 *
 * @param {number} port
 * @param {number} [pid]
 * @returns {Promise<boolean>}
 */
export function answersPing(port, pid) {
  return exchange({ host: '127.0.0.1', port, timeout: 1_000 }, 'PING\r\nINFO server\r\n', (reply) => {
    if (/^-(NOAUTH|NOPERM)/.test(reply)) return true;
    if (reply.startsWith('-')) return false;
    const answeredBy = /^process_id:(\d+)\r$/m.exec(reply)?.[1] ?? /^-NOPERM/m.exec(reply)?.[0];
    if (!answeredBy) return undefined; // The rest is still on its way.
    return pid === undefined || answeredBy === String(pid) || answeredBy === '-NOPERM';
  });
}

/**
 * Whether anything accepts a connection there.
 *
 * @param {string} host
 * @param {number} port
 * @returns {Promise<boolean>}
 */
export function acceptsConnections(host, port) {
  return exchange({ host, port, timeout: 5_000 }, '', () => true);
}

/**
 * @param {{ host: string, port: number, timeout: number }} address
 * @param {string} request
 * @param {(reply: string) => boolean | undefined} judge `undefined`: not enough of the reply yet
 * @returns {Promise<boolean>}
 */
function exchange(address, request, judge) {
  return new Promise((resolve) => {
    let reply = '';
    const socket = connect(address).setEncoding('utf8');
    /** @param {boolean | undefined} answer */
    const settle = (answer) => {
      if (answer === undefined) return;
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => (request ? socket.write(request) : settle(judge(''))));
    socket.on('data', (chunk) => settle(judge((reply += chunk))));
    for (const failure of ['timeout', 'error', 'close']) socket.once(failure, () => settle(false));
  });
}
