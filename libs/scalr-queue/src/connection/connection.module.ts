import { Module } from '@nestjs/common';
import { BacklogGuard } from './backlog.guard.js';
import { JobCatalog } from './job.catalog.js';
import { Preflight } from './preflight.js';
import { QueueRegistry } from './queue.registry.js';
import { RedisConnections } from './redis.connections.js';
import { RedisProbe } from './redis.probe.js';

/** How Redis is reached. */
@Module({
  providers: [BacklogGuard, BacklogGuard, RedisConnections, QueueRegistry, JobCatalog, Preflight, RedisProbe],
  exports: [BacklogGuard, BacklogGuard, RedisConnections, QueueRegistry, JobCatalog, Preflight, RedisProbe],
})
export class ConnectionModule {}
