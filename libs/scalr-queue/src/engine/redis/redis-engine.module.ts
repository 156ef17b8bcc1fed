import { Global, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { ClosingOrder } from '../../lifecycle/closing.order.js';
import { WorkerEngine } from '../engine-worker.js';
import { QueueEngine } from '../queue.engine.js';
import { SharedEngine } from '../shared.engine.js';
import { BullRegistrations } from './bull.registrations.js';
import { Preflight } from './preflight/preflight.js';
import { QueueRegistry } from './queue.registry.js';
import { RedisConnections } from './connection/redis.connections.js';
import { RedisEngine } from './redis.engine.js';
import { RedisSharedEngine } from './redis.shared-engine.js';
import { ServerSurvey } from './survey/server.survey.js';
import { RedisWorkerEngine } from './worker/redis.worker-engine.js';

const PARTS = [
  ClosingOrder,
  BullRegistrations,
  RedisConnections,
  RedisEngine,
  RedisSharedEngine,
  QueueRegistry,
  Preflight,
  ServerSurvey,
  RedisWorkerEngine,
] as const;

/** How Redis is reached: every feature speaks to the engine, and none imports this module. */
@Global()
@Module({
  imports: [DiscoveryModule],
  providers: [
    ...PARTS,
    { provide: QueueEngine, useExisting: RedisEngine },
    { provide: SharedEngine, useExisting: RedisSharedEngine },
    { provide: WorkerEngine, useExisting: RedisWorkerEngine },
  ],
  exports: [...PARTS, QueueEngine, SharedEngine, WorkerEngine],
})
export class RedisEngineModule {}
