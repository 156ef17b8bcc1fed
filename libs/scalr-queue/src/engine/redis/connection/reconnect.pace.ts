import type { RedisClient } from './redis.client.js';

/** Between two attempts to connect of one process, while Redis takes none: less than two a second. */
const ATTEMPT_INTERVAL_MS = 510;
/** A little random, so that processes do not come back together. */
const jitter = () => Math.round(Math.random() * 100);

/**
 * When the connections of one process try again. The first time each does so by itself and soon: most cuts are short. After
 * that they take turns, so that a Redis that refuses (at its maxclients, say) does not see more of a process that holds more
 * connections. Once one is ready the others do not wait for their turn: whatever their number, all are back with the first.
 */
export class ReconnectPace {
  private lastTurn = -Infinity;
  private hurriedAt = -Infinity;

  /** Milliseconds to wait before a connection tries again, having failed so many times in a row. */
  readonly delay = (times: number): number => {
    if (times === 1) return 100 + jitter();
    const now = performance.now();
    this.lastTurn = Math.max(now + 100, this.lastTurn + ATTEMPT_INTERVAL_MS) + jitter();
    return Math.round(this.lastTurn - now);
  };

  /** One is ready: those that wait try at once. Not more often than the others may try. */
  hurry(clients: Iterable<RedisClient>): void {
    const now = performance.now();
    if (now - this.hurriedAt < ATTEMPT_INTERVAL_MS) return;
    this.hurriedAt = now;
    this.lastTurn = now;
    for (const client of clients) connectNow(client);
  }
}

/**
 * Upstream: ioredis keeps the timer that it waits with in `reconnectTimeout`, and connect() leaves it running: it would open a
 * connection that was closed in the meantime. Without a timer (closed by us, or not waiting) nothing is done.
 */
function connectNow(client: RedisClient): void {
  const waiting = client as unknown as { reconnectTimeout?: NodeJS.Timeout | null };
  if (client.status !== 'reconnecting' || !waiting.reconnectTimeout) return;
  clearTimeout(waiting.reconnectTimeout);
  waiting.reconnectTimeout = null;
  client.connect().catch(() => undefined);
}
