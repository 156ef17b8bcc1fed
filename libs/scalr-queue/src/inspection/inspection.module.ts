import { Module } from '@nestjs/common';
import { ConnectionModule } from '../connection/connection.module.js';
import { JobReader } from './job.reader.js';
import { JobWaiter } from './job.waiter.js';
import { JobsService } from './jobs.service.js';
import { QueueReader } from './queue.reader.js';

/** Looking at jobs. */
@Module({
  imports: [ConnectionModule],
  providers: [JobReader, JobWaiter, JobsService, QueueReader],
  exports: [JobsService, QueueReader],
})
export class InspectionModule {}
