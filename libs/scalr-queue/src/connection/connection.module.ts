import { Module } from '@nestjs/common';
import { JobCatalog } from './job.catalog.js';
import { QueueRegistry } from './queue.registry.js';
import { RedisConnections } from './redis.connections.js';
import { RedisProbe } from './redis.probe.js';

/** How Redis is reached. */
@Module({
  providers: [RedisConnections, QueueRegistry, JobCatalog, RedisProbe],
  exports: [RedisConnections, QueueRegistry, JobCatalog, RedisProbe],
})
export class ConnectionModule {}
