import { Module } from '@nestjs/common';
import { ConnectionModule } from '../connection/connection.module.js';
import { InspectionModule } from '../inspection/inspection.module.js';
import { EnqueueService } from './enqueue.service.js';
import { JobSender } from './job.sender.js';

/** Putting jobs in. */
@Module({
  imports: [ConnectionModule, InspectionModule],
  providers: [JobSender, EnqueueService],
  exports: [EnqueueService],
})
export class ProducerModule {}
