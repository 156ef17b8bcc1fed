import { lookup } from 'node:dns';
import { Cluster, type Redis, type RedisOptions } from 'ioredis';
import { ENQUEUE_DEADLINE } from '../../../contract/defaults.js';
import type { RedisNode, RedisTarget } from '../../../config/redis-options.js';

const COMMON = { slotsRefreshTimeout: 2_000 };

/**
 * A refusal goes to the caller at once, and a command follows few redirections. What ioredis sends again for a closed connection
 * has never been written ({@link failWhatWasWritten}): its node was only being connected to.
 */
const PRODUCER = {
  ...COMMON,
  enableOfflineQueue: false,
  maxRedirections: 5,
  retryDelayOnClusterDown: 0,
  retryDelayOnFailover: 100,
  retryDelayOnTryAgain: 100,
};

/** Opens a client of a cluster. It connects in the background. */
export function openCluster(
  target: RedisTarget,
  nodes: readonly RedisNode[],
  isProducer: boolean,
  options: RedisOptions,
): Cluster {
  const { family = 0 } = target;
  const cluster = new Cluster([...nodes], {
    ...(isProducer ? PRODUCER : COMMON),
    redisOptions: isProducer ? { ...options, commandTimeout: ENQUEUE_DEADLINE } : options,
    clusterRetryStrategy: options.retryStrategy ?? undefined,
    dnsLookup: (host, done) => lookup(host, { family }, done),
  });
  if (isProducer) cluster.on('+node', failWhatWasWritten);
  const { fetchPassword } = target;
  if (fetchPassword) renewPassword(cluster, fetchPassword);
  return cluster;
}

type Flush = (error: Error, options?: { offlineQueue?: boolean; commandQueue?: boolean }) => void;

/**
 * A cluster client sends a command again when the connection of its node closes, whether it was written or not: it may run twice.
 *
 * Upstream: it goes by the text of the error, "Connection is closed.", with which the node empties its queues in `flushQueue`. So
 * what was written fails with another one.
 */
function failWhatWasWritten(node: Redis): void {
  const queues = node as unknown as { flushQueue: Flush };
  const flush = queues.flushQueue.bind(node);
  queues.flushQueue = (error, { offlineQueue = true, commandQueue = true } = {}) => {
    if (commandQueue) {
      flush(new Error('the connection was closed before the reply came'), { offlineQueue: false });
    }
    if (offlineQueue) flush(error, { commandQueue: false });
  };
}

/** The password may have been rotated when a node is lost. Connections that are there stay; new ones take the new password. */
function renewPassword(cluster: Cluster, fetchPassword: () => Promise<string>): void {
  let latest: string | undefined;
  const give = (node: Redis) => {
    if (latest !== undefined) node.options.password = latest;
  };
  const renew = () => {
    void fetchPassword().then(
      (password) => {
        latest = password;
        for (const node of cluster.nodes()) give(node);
      },
      () => undefined,
    );
  };
  cluster.on('+node', give);
  cluster.on('-node', renew);
  cluster.on('close', renew);
}
