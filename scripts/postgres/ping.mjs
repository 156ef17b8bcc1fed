// @ts-check
import { connect } from 'node:net';

/**
 * Whether a PostgreSQL answers there: it asks for a password, takes the login or refuses it. "Starting up" and silence do not count.
 *
 * @param {string} host
 * @param {number} port
 * @returns {Promise<boolean>}
 */
export function answersStartup(host, port) {
  return new Promise((resolve) => {
    /** @type {Buffer[]} */
    const reply = [];
    const socket = connect({ host, port, timeout: 5_000 });
    /** @param {boolean} answer */
    const settle = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => socket.write(startupMessage('postgres')));
    socket.on('data', (chunk) => {
      reply.push(chunk);
      const text = Buffer.concat(reply).toString('latin1');
      // The end of an error tells its code: let it come.
      if (!text.startsWith('E') || text.endsWith('\0\0'))
        settle(/^[RE]/.test(text) && !text.includes('57P03'));
    });
    for (const failure of ['timeout', 'error', 'close']) socket.once(failure, () => settle(false));
  });
}

/** Version 3.0 of the protocol. @param {string} user */
function startupMessage(user) {
  const body = Buffer.from(`user\0${user}\0database\0${user}\0\0`, 'latin1');
  const head = Buffer.alloc(8);
  head.writeInt32BE(head.length + body.length, 0);
  head.writeInt32BE(196_608, 4);
  return Buffer.concat([head, body]);
}
