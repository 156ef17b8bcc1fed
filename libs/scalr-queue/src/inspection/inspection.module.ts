import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { ObservabilityModule } from '../observability/observability.module.js';
import { RetentionModule } from '../retention/retention.module.js';
import { AppState } from './app.state.js';
import { JobCanceller } from './job.canceller.js';
import { JobExplainer } from './job.explainer.js';
import { JobLister } from './job.lister.js';
import { JobReader } from './job.reader.js';
import { JobWaiter } from './job.waiter.js';
import { JobsService } from './jobs.service.js';
import { PendingCanceller } from './pending.canceller.js';
import { QueuePinger } from './queue.pinger.js';
import { QueueSampler } from './queue.sampler.js';
import { QueuesService } from './queues.service.js';

/** Looking at jobs, queues and workers. */
@Module({
  imports: [AuditModule, ObservabilityModule, RetentionModule],
  providers: [
    AppState,
    JobCanceller,
    JobExplainer,
    JobLister,
    JobReader,
    JobWaiter,
    JobsService,
    PendingCanceller,
    QueuePinger,
    QueueSampler,
    QueuesService,
  ],
  exports: [AppState, JobReader, JobWaiter, JobsService, QueuesService],
})
export class InspectionModule {}
