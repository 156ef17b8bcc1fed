import { once } from 'node:events';
import { type AppDetail, type AppsReport, readApps } from './apps.reader.js';
import { walkKeys } from './key.walk.js';
import { denialOf } from '../connection/acl-refusal.js';
import { ReconnectPace } from '../connection/reconnect.pace.js';
import { messageOf, toReadError } from '../connection/redis-error.js';
import { openRedis, type RedisClient } from '../connection/redis.client.js';
import { QueueUnavailableError } from '../../../contract/errors/enqueue.errors.js';
import { withCa } from '../../../config/certificate-file.js';
import { describeTarget, type RedisTarget } from '../../../config/redis-options.js';
import { resolveOptions } from '../../../config/resolved-options.js';
import { InvalidOptionError } from '../../../contract/errors/configuration.errors.js';
import type { Target } from './lean-queues.js';

/** For the walk over the names of all keys. */
const BUDGET = 10_000;

/** Everything that the operator sees of the apps of a Redis. */
export interface AllApps extends AppsReport {
  readonly details: ReadonlyMap<string, AppDetail>;
}

/** Reads all apps, as a user that may look at all of them; no app has to be named. */
export function readAllApps(target: Omit<Target, 'app'>): Promise<AllApps> {
  return asOperator(target, async (redis) => {
    const details = new Map<string, AppDetail>();
    const report = await readApps(redis, BUDGET, (app, detail) => details.set(app, detail));
    return { ...report, details };
  });
}

/** The names of all apps; `complete` unless the time for looking was over. */
export function findApps(
  target: Omit<Target, 'app'>,
): Promise<{ readonly apps: readonly string[]; readonly complete: boolean }> {
  return asOperator(target, async (redis) => {
    const { apps, complete } = await walkKeys(redis, Date.now() + BUDGET);
    return { apps: apps.map(({ app }) => app).toSorted(), complete };
  });
}

async function asOperator<T>(
  { redis: url, ca }: Omit<Target, 'app'>,
  work: (redis: RedisClient) => Promise<T>,
): Promise<T> {
  const { redis: target } = resolveOptions({ app: 'all', redis: withCa(url, ca) });
  if (target.cluster) throw new InvalidOptionError('a cluster has no list of all its apps: use --app');
  const redis = openRedis(target, 'producer', 'scalr-queue:apps', new ReconnectPace());
  redis.on('error', () => undefined);
  try {
    await once(redis, 'ready');
    return await work(redis);
  } catch (error) {
    throw toAppsError(error, redis, target);
  } finally {
    redis.disconnect();
  }
}

/** Says what has kept somebody from looking at all apps. */
export function toAppsError(error: unknown, redis: Pick<RedisClient, 'status'>, target: RedisTarget): Error {
  if (error instanceof QueueUnavailableError) return error;
  const denial = denialOf(error);
  if (denial)
    return new QueueUnavailableError(
      `${denial}. All apps are for the user "operator" or "console" of SECURITY.md`,
    );
  if (redis.status === 'ready') return toReadError(error);
  return new QueueUnavailableError(
    `Redis at ${describeTarget(target)} is not reachable: ${messageOf(error as Error)}`,
  );
}
