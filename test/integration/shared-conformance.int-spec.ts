import { setTimeout as pause } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { resolveOptions } from '../../libs/scalr-queue/src/config/resolved-options.js';
import { RedisConnections } from '../../libs/scalr-queue/src/engine/redis/connection/redis.connections.js';
import { RedisSharedEngine } from '../../libs/scalr-queue/src/engine/redis/redis.shared-engine.js';
import { sharedBehaviours } from '../conformance/shared/shared.behaviours.js';
import { uniqueApp } from '../support/apps.js';
import { sharedRedisUrl } from '../support/redis.js';

describe('Redis', () => {
  sharedBehaviours(async () => {
    const app = resolveOptions({ app: uniqueApp(), redis: sharedRedisUrl() });
    const connections = new RedisConnections(app);
    const engine = new RedisSharedEngine(connections, app);
    onTestFinished(async () => {
      engine.onApplicationShutdown();
      await connections.onApplicationShutdown();
    });
    await connections.whenReady();
    // Its time is that of the server, which no test can move.
    return { engine, pass: (ms) => pause(ms) };
  });
});
