import { Module } from '@nestjs/common';
import { Retention } from './retention.service.js';

/** How long finished jobs are kept. */
@Module({
  providers: [Retention],
  exports: [Retention],
})
export class RetentionModule {}
