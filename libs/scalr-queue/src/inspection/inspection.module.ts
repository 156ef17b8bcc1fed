import { Module } from '@nestjs/common';
import { RedisEngineModule } from '../engine/redis/redis-engine.module.js';
import { ObservabilityModule } from '../observability/observability.module.js';
import { RetentionModule } from '../retention/retention.module.js';
import { AppState } from './app.state.js';
import { EndWatch } from '../engine/redis/end.watch.js';
import { JobCanceller } from './job.canceller.js';
import { JobExplainer } from './job.explainer.js';
import { JobLister } from './job.lister.js';
import { JobReader } from './job.reader.js';
import { JobWaiter } from './job.waiter.js';
import { JobsService } from './jobs.service.js';
import { PastEnds } from '../engine/redis/past-ends.js';
import { QueuePinger } from './queue.pinger.js';
import { QueueReader } from '../engine/redis/queue.reader.js';
import { QueuesService } from './queues.service.js';

/** Looking at jobs, queues and workers. */
@Module({
  imports: [RedisEngineModule, ObservabilityModule, RetentionModule],
  providers: [
    AppState,
    EndWatch,
    JobCanceller,
    JobExplainer,
    JobLister,
    JobReader,
    JobWaiter,
    JobsService,
    PastEnds,
    QueuePinger,
    QueueReader,
    QueuesService,
  ],
  exports: [AppState, JobReader, JobWaiter, JobsService, QueuesService],
})
export class InspectionModule {}
