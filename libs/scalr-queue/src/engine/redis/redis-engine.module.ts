import { Module } from '@nestjs/common';
import { ClosingOrder } from '../../lifecycle/closing.order.js';
import { BacklogGuard } from './backlog.guard.js';
import { BullRegistrations } from './bull.registrations.js';
import { DeadLetterStore } from './dead-letter.store.js';
import { JobAdder } from './job.adder.js';
import { JobCatalog } from './job.catalog.js';
import { JobCounts } from './job.counts.js';
import { JobLocks } from './job.locks.js';
import { PingSender } from './ping.js';
import { JobStore } from './job.store.js';
import { Preflight } from './preflight/preflight.js';
import { QueueRegistry } from './queue.registry.js';
import { RedisConnections } from './connection/redis.connections.js';
import { RedisProbe } from './connection/redis.probe.js';
import { ScheduleHash } from './schedule.hash.js';
import { WorkerRegistry } from './worker.registry.js';

const PARTS = [
  ClosingOrder,
  BacklogGuard,
  BullRegistrations,
  RedisConnections,
  QueueRegistry,
  DeadLetterStore,
  JobAdder,
  JobCatalog,
  JobCounts,
  JobLocks,
  JobStore,
  PingSender,
  Preflight,
  RedisProbe,
  ScheduleHash,
  WorkerRegistry,
] as const;

/** How Redis is reached. */
@Module({
  providers: [...PARTS],
  exports: [...PARTS],
})
export class RedisEngineModule {}
