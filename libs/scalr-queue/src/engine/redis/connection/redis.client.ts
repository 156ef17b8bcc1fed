import { type Cluster, Redis, type RedisOptions } from 'ioredis';
import type { RedisTarget } from '../../../config/redis-options.js';
import { ENQUEUE_DEADLINE } from '../../../contract/defaults.js';
import type { ReconnectPace } from './reconnect.pace.js';
import { openCluster } from './redis.cluster.js';
import { limitReplies } from './reply-limit.js';
import { explainTls } from './tls-trouble.js';

/** A connection to Redis, whatever its topology. */
export type RedisClient = Redis | Cluster;

/** Blocking reads of a worker end by themselves after this many seconds. */
export const DRAIN_DELAY_SECONDS = 5;

/**
 * CLIENT SETINFO would have to be granted to each user, and Redis before 7.2 does not know it. While Redis loads its data ioredis
 * waits as long as Redis guesses, up to ten seconds: look more often.
 */
const COMMON: RedisOptions = { connectTimeout: 2_000, disableClientInfo: true, maxLoadingRetryTime: 500 };

/**
 * Settles every command: no offline queue, no resending (it would run a command twice), and a limit for the reply
 * ({@link limitReplies}; of the nodes of a cluster ioredis itself sees to it).
 * socketTimeout gives up half-open sockets.
 */
const PRODUCER: RedisOptions = {
  ...COMMON,
  // Of a frozen Redis, which does not close its end: calls under way have their error before a shutdown is over.
  disconnectTimeout: 100,
  enableOfflineQueue: false,
  socketTimeout: 3_000,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
};

/**
 * Waits out every outage: a completion that was interrupted is sent again once Redis is back. There is no commandTimeout:
 * it would abort the blocking read. socketTimeout must be longer than the blocking read, and revives half-open sockets.
 */
const WORKER: RedisOptions = {
  ...COMMON,
  enableOfflineQueue: true,
  socketTimeout: (DRAIN_DELAY_SECONDS + 3) * 1_000,
  maxRetriesPerRequest: null,
};

/** Reads the event stream: like a worker, with the engine's blocking read of ten seconds. */
const EVENTS: RedisOptions = { ...WORKER, socketTimeout: 13_000 };

/**
 * A demoted master answers READONLY until the socket is closed and the name resolved again. Not more often than this: while
 * no master is found each new connection meets the same answer.
 */
const RECONNECT_INTERVAL = 2_000;

function reconnectOnReadOnly(): (error: Error) => boolean {
  let lastAt = -Infinity;
  return (error) => {
    const now = performance.now();
    if (!error.message.startsWith('READONLY') || now - lastAt < RECONNECT_INTERVAL) return false;
    lastAt = now;
    return true;
  };
}

/** Each connection asks the sentinels by itself until they know a master. */
const askSentinelsAgain = (times: number) => Math.min(100 * times, 500) + Math.round(Math.random() * 100);

/** What a connection is for, and with it how it behaves while Redis is away. */
export type RedisRole = 'producer' | 'worker' | 'events';

const SETTINGS: Readonly<Record<RedisRole, RedisOptions>> = {
  producer: PRODUCER,
  worker: WORKER,
  events: EVENTS,
};

/** Opens a connection that fails fast (`producer`) or waits (`worker`, `events`). It connects in the background. */
export function openRedis(
  target: RedisTarget,
  role: RedisRole,
  connectionName: string,
  { delay: retryStrategy }: ReconnectPace,
): RedisClient {
  const { cluster, sentinels, name, sentinelPassword, fetchPassword, ...server } = target;
  const options: RedisOptions = {
    ...server,
    ...SETTINGS[role],
    connectionName,
    retryStrategy,
    reconnectOnError: reconnectOnReadOnly(),
  };
  if (cluster) return openCluster(target, cluster, role === 'producer', options);
  const client = sentinels
    ? new Redis({
        ...options,
        sentinels: [...sentinels],
        name,
        sentinelPassword,
        sentinelRetryStrategy: askSentinelsAgain,
        // Without it ioredis speaks to the master in plain text, whatever tls says.
        enableTLSForSentinelMode: options.tls !== undefined,
      })
    : new Redis(options);
  explainTls(client);
  client.on('error', (error: Error & { command?: { name: string } }) => {
    // Upstream: ioredis reports a SELECT that was refused, and goes on in database 0.
    if (error.command?.name === 'select') client.disconnect(true);
  });
  if (role === 'producer') limitReplies(client, ENQUEUE_DEADLINE);
  if (fetchPassword) {
    // Before the next connect: the password may have been rotated. When the fetch fails the old one is tried again.
    client.on('close', () => {
      void fetchPassword().then(
        (password) => (client.options.password = password),
        () => undefined,
      );
    });
  }
  return client;
}
