import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Broadcasts } from './broadcasts.js';
import { DefinitionLimits } from './definition.limits.js';
import { Elections } from './elections.js';
import { Locks } from './locks.js';
import { SharedProviders } from './providers.js';
import { SharedCalls } from './shared.calls.js';
import { SharedCounts } from './shared.counts.js';
import { SharedRedis } from './shared.redis.js';

/** What the processes of an app share beside jobs. */
@Module({
  imports: [DiscoveryModule],
  providers: [
    Broadcasts,
    DefinitionLimits,
    Elections,
    Locks,
    SharedCalls,
    SharedCounts,
    SharedProviders,
    SharedRedis,
  ],
  exports: [DefinitionLimits, SharedCounts, SharedRedis],
})
export class SharedModule {}
