import { Module } from '@nestjs/common';
import { DefinitionLimits } from './definition.limits.js';
import { Locks } from './locks.js';
import { SharedCalls } from './shared.calls.js';
import { SharedCounts } from './shared.counts.js';
import { SharedRedis } from './shared.redis.js';

/** What the processes of an app share beside jobs. */
@Module({
  providers: [DefinitionLimits, Locks, SharedCalls, SharedCounts, SharedRedis],
  exports: [DefinitionLimits, SharedCounts, SharedRedis],
})
export class SharedModule {}
