import { Module } from '@nestjs/common';
import { DurabilityModule } from '../durability/durability.module.js';
import { InspectionModule } from '../inspection/inspection.module.js';
import { ObservabilityModule } from '../observability/observability.module.js';
import { SchedulingModule } from '../scheduling/scheduling.module.js';
import { JobMetrics } from './job.metrics.js';
import { MetricRegistry } from './metric.registry.js';
import { MetricsController } from './metrics.controller.js';
import { OutboxMetrics } from './outbox.metrics.js';
import { ScalrQueueMetrics } from './scalr-queue.metrics.js';
import { ScheduleMetrics } from './schedule.metrics.js';
import { SharedModule } from '../shared/shared.module.js';
import { SharedMetrics } from './shared.metrics.js';
import { StateMetrics } from './state.metrics.js';

/** Numbers about the queue. */
@Module({
  imports: [DurabilityModule, InspectionModule, ObservabilityModule, SchedulingModule, SharedModule],
  providers: [
    JobMetrics,
    MetricRegistry,
    OutboxMetrics,
    ScalrQueueMetrics,
    ScheduleMetrics,
    SharedMetrics,
    StateMetrics,
  ],
  exports: [ScalrQueueMetrics],
})
export class MetricsModule {}

/**
 * `GET /metrics` for a web process. A worker serves its own by itself. With
 * `SCALR_METRICS_TOKEN` set, both want it as a bearer token; without it a web process in production refuses.
 */
@Module({ imports: [MetricsModule], controllers: [MetricsController] })
export class ScalrQueueMetricsModule {}
