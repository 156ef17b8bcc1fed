import type { RedisQueueBackend } from 'bullmq';

/**
 * Lets a worker wait for its running jobs whatever becomes of the connection that it waits for new ones on. Upstream: BullMQ disconnects
 * that one first; where an error comes instead of the end of the connection (Redis is away, say), its `close` goes on at once and closes
 * under the running jobs, whose outcomes it then drops. Nothing is lost with the error: the connection was told to end.
 */
export function disconnectQuietly(backend: RedisQueueBackend): void {
  const disconnect = backend.disconnectBlocking.bind(backend);
  backend.disconnectBlocking = (wait) => disconnect(wait).catch(() => undefined);
}
