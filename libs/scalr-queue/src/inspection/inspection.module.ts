import { Module } from '@nestjs/common';
import { ConnectionModule } from '../connection/connection.module.js';
import { JobCanceller } from './job.canceller.js';
import { JobReader } from './job.reader.js';
import { JobWaiter } from './job.waiter.js';
import { JobsService } from './jobs.service.js';
import { QueueReader } from './queue.reader.js';

/** Looking at jobs. */
@Module({
  imports: [ConnectionModule],
  providers: [JobCanceller, JobReader, JobWaiter, JobsService, QueueReader],
  exports: [JobReader, JobWaiter, JobsService, QueueReader],
})
export class InspectionModule {}
