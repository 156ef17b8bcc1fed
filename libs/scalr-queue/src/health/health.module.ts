import { Module } from '@nestjs/common';
import { InspectionModule } from '../inspection/inspection.module.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { HealthReport } from './health.report.js';
import { ScalrQueueHealthIndicator } from './scalr-queue.health.js';

/** Whether the queue works. */
@Module({
  imports: [InspectionModule, MetricsModule],
  providers: [HealthReport, ScalrQueueHealthIndicator],
  exports: [HealthReport, ScalrQueueHealthIndicator],
})
export class HealthModule {}
