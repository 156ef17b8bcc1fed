import { Module } from '@nestjs/common';
import { HooksModule } from '../hooks/hooks.module.js';
import { InspectionModule } from '../inspection/inspection.module.js';
import { ObservabilityModule } from '../observability/observability.module.js';
import { TracingModule } from '../tracing/tracing.module.js';
import { BulkSender } from './bulk.sender.js';
import { EnqueueService } from './enqueue.service.js';
import { InFlightLimit } from './in-flight.limit.js';
import { JobRecorder } from './job.recorder.js';
import { JobSender } from './job.sender.js';
import { DEFAULT_WATCH_PACE, WATCH_PACE, WorkerWatch } from './worker.watch.js';

/** Putting jobs in. */
@Module({
  imports: [ObservabilityModule, HooksModule, InspectionModule, TracingModule],
  providers: [
    BulkSender,
    InFlightLimit,
    JobRecorder,
    JobSender,
    EnqueueService,
    WorkerWatch,
    { provide: WATCH_PACE, useValue: DEFAULT_WATCH_PACE },
  ],
  exports: [EnqueueService, JobSender],
})
export class ProducerModule {}
