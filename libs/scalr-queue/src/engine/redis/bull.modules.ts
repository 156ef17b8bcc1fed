import { BullModule } from '@nestjs/bullmq';
import { Queue } from 'bullmq';
import type { ResolvedOptions } from '../../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../../config/tokens.js';
import { QueueConfigError } from '../../contract/errors/configuration.errors.js';
import { routeErrorsOf } from './connection/engine-errors.js';
import { RedisConnections } from './connection/redis.connections.js';
import { queueOptions } from './queue.registry.js';
import { RedisEngineModule } from './redis-engine.module.js';

// The build of BullMQ that @nestjs/bullmq uses, and with it the application. Upstream: it has the class of its queues in `_queueClass`.
const { _queueClass: queueClass } = BullModule as unknown as { _queueClass?: { readonly prototype: object } };
for (const one of new Set([Queue, queueClass])) if (one) routeErrorsOf(one);

/** Gives @nestjs/bullmq our connection and prefix, and keeps it from starting any worker by itself. */
export const BULL = BullModule.forRootAsync({
  imports: [RedisEngineModule],
  inject: [RedisConnections, RESOLVED_OPTIONS],
  // Registered queues are there when the connection is: what they are given in a boot hook would be refused before.
  useFactory: async (connections: RedisConnections, options: ResolvedOptions) => {
    await connections.tried();
    return queueOptions(connections, options);
  },
  extraOptions: { manualRegistration: true },
});

/** Whatever the engine asks of this connection, it is told why there is none. */
const NO_CONNECTION = new Proxy(
  {},
  { get: refuse, has: refuse, ownKeys: refuse, getOwnPropertyDescriptor: refuse },
);

/**
 * What queues and processors of @nestjs/bullmq find in the place of our connection: else they would reach for a Redis at
 * localhost, unasked. A queue whose provider the test overrides is never made.
 */
export const BULL_REFUSAL = BullModule.forRoot({
  connection: NO_CONNECTION,
  extraOptions: { manualRegistration: true },
});

function refuse(): never {
  throw new QueueConfigError(
    'a queue of BullModule.registerQueue needs Redis, which the test queue is without: override it before compile, with ' +
      "overrideProvider(getQueueToken('its name')).useValue({ add: ... }), or test it against a Redis",
  );
}
