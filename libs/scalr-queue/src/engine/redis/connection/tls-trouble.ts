import type { Redis } from 'ioredis';

const SPEAKS_TLS = 'it closes the connection before it answers: if this is a TLS port, use rediss://';
const SPEAKS_NO_TLS =
  'it takes the connection and does not answer in TLS: if this is no TLS port, use redis://';

/**
 * Says what it means when one side speaks TLS and the other does not: a reset, or silence. Upstream: ioredis has the socket in
 * `stream`, absent before the first attempt, and the status `connect` until the server has answered.
 */
export function explainTls(client: Redis): void {
  const isTls = client.options.tls !== undefined;
  let isReached = false;
  client.on('connecting', () => {
    isReached = false;
    setImmediate(() => {
      const { stream } = client as { stream?: Redis['stream'] };
      if (!stream) return;
      // ioredis hears only the first error; an alert of the other side may come as a second one.
      stream.on('error', () => undefined);
      if (!stream.connecting) isReached = true;
      else stream.once('connect', () => (isReached = true));
    });
  });
  client.on('error', (error: NodeJS.ErrnoException) => {
    if (isTls && isReached && error.code === 'ETIMEDOUT') error.message = SPEAKS_NO_TLS;
    const { stream, status } = client;
    if (!isTls && status === 'connect' && error.code === 'ECONNRESET' && stream.bytesRead === 0) {
      error.message = SPEAKS_TLS;
    }
  });
}

/** What is probably wrong with an attempt to connect that has not come to an end; undefined where nothing is known. */
export function stalledHandshake(client: { status: string }): string | undefined {
  if (client.status !== 'connecting') return undefined;
  const { options, stream } = client as Redis & { stream?: Redis['stream'] };
  const isHalfWay = options.tls !== undefined && stream !== undefined && !stream.connecting;
  return isHalfWay ? SPEAKS_NO_TLS : undefined;
}
