import { type FactoryProvider, Global, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { ClosingOrder } from '../../lifecycle/closing.order.js';
import { WorkerEngine } from '../engine-worker.js';
import { QueueEngine } from '../queue.engine.js';
import { BullRegistrations } from './bull.registrations.js';
import { JobCatalog } from './job.catalog.js';
import { Preflight } from './preflight/preflight.js';
import { QueueRegistry } from './queue.registry.js';
import { RedisConnections } from './connection/redis.connections.js';
import { RedisEngine } from './redis.engine.js';
import { ServerSurvey } from './survey/server.survey.js';
import { RedisWorkerEngine } from './worker/redis.worker-engine.js';
import { WorkerRegistry } from './worker.registry.js';

const PARTS = [
  ClosingOrder,
  BullRegistrations,
  RedisConnections,
  RedisEngine,
  QueueRegistry,
  Preflight,
  ServerSurvey,
  RedisWorkerEngine,
] as const;

/** Parts of the engine that some still ask for by themselves. */
const PART_OF_ENGINE: FactoryProvider[] = [
  { provide: JobCatalog, inject: [RedisEngine], useFactory: ({ types }: RedisEngine) => types },
  { provide: WorkerRegistry, inject: [RedisEngine], useFactory: ({ workers }: RedisEngine) => workers },
];

/** How Redis is reached: every feature speaks to the engine, and none imports this module. */
@Global()
@Module({
  imports: [DiscoveryModule],
  providers: [
    ...PARTS,
    ...PART_OF_ENGINE,
    { provide: QueueEngine, useExisting: RedisEngine },
    { provide: WorkerEngine, useExisting: RedisWorkerEngine },
  ],
  exports: [...PARTS, JobCatalog, WorkerRegistry, QueueEngine, WorkerEngine],
})
export class RedisEngineModule {}
