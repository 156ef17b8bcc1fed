import { Module } from '@nestjs/common';
import { RedisEngineModule } from '../engine/redis/redis-engine.module.js';
import { FinishedTrimmer } from '../engine/redis/finished.trimmer.js';
import { KeepRuleStore } from '../engine/redis/keep-rule.store.js';
import { Retention } from './retention.service.js';

/** How long finished jobs are kept. */
@Module({
  imports: [RedisEngineModule],
  providers: [FinishedTrimmer, KeepRuleStore, Retention],
  exports: [Retention],
})
export class RetentionModule {}
