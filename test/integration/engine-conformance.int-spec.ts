import { onTestFinished } from 'vitest';
import { resolveOptions } from '../../libs/scalr-queue/src/config/resolved-options.js';
import { QueueRegistry } from '../../libs/scalr-queue/src/engine/redis/queue.registry.js';
import { RedisConnections } from '../../libs/scalr-queue/src/engine/redis/connection/redis.connections.js';
import { Preflight } from '../../libs/scalr-queue/src/engine/redis/preflight/preflight.js';
import { RedisEngine } from '../../libs/scalr-queue/src/engine/redis/redis.engine.js';
import { engineBehaviours } from '../conformance/engine/engine.behaviours.js';
import { uniqueApp } from '../support/apps.js';
import { sharedRedisUrl } from '../support/redis.js';

describe('Redis', () => {
  engineBehaviours(async (queues = {}) => {
    const app = resolveOptions({ app: uniqueApp(), redis: sharedRedisUrl(), queues });
    const connections = new RedisConnections(app);
    const preflight = new Preflight(connections, app);
    const engine = new RedisEngine(connections, new QueueRegistry(connections, app), preflight, app);
    onTestFinished(async () => {
      preflight.onApplicationShutdown();
      engine.onApplicationShutdown();
      await connections.onApplicationShutdown();
    });
    await connections.whenReady();
    return engine;
  });
});
