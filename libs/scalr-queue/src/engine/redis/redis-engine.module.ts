import { type FactoryProvider, Global, Module } from '@nestjs/common';
import { ClosingOrder } from '../../lifecycle/closing.order.js';
import { QueueEngine } from '../queue.engine.js';
import { BullRegistrations } from './bull.registrations.js';
import { JobCatalog } from './job.catalog.js';
import { JobCounts } from './job.counts.js';
import { JobLocks } from './job.locks.js';
import { Preflight } from './preflight/preflight.js';
import { QueueRegistry } from './queue.registry.js';
import { RedisConnections } from './connection/redis.connections.js';
import { RedisEngine } from './redis.engine.js';
import { ServerSurvey } from './survey/server.survey.js';
import { WorkerRegistry } from './worker.registry.js';

const PARTS = [
  ClosingOrder,
  BullRegistrations,
  RedisConnections,
  RedisEngine,
  QueueRegistry,
  JobCounts,
  JobLocks,
  Preflight,
  ServerSurvey,
] as const;

/** Parts of the engine that some still ask for by themselves. */
const PART_OF_ENGINE: FactoryProvider[] = [
  { provide: JobCatalog, inject: [RedisEngine], useFactory: ({ types }: RedisEngine) => types },
  { provide: WorkerRegistry, inject: [RedisEngine], useFactory: ({ workers }: RedisEngine) => workers },
];

/** How Redis is reached: every feature speaks to the engine, and none imports this module. */
@Global()
@Module({
  providers: [...PARTS, ...PART_OF_ENGINE, { provide: QueueEngine, useExisting: RedisEngine }],
  exports: [...PARTS, JobCatalog, WorkerRegistry, QueueEngine],
})
export class RedisEngineModule {}
