import { Module } from '@nestjs/common';
import { ConnectionModule } from '../connection/connection.module.js';
import { EnqueueService } from './enqueue.service.js';
import { JobSender } from './job.sender.js';

/** Putting jobs in. */
@Module({
  imports: [ConnectionModule],
  providers: [JobSender, EnqueueService],
  exports: [EnqueueService],
})
export class ProducerModule {}
