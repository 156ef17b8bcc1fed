import { Module } from '@nestjs/common';
import { ScalrQueueMetricsModule } from 'scalr-queue';
import { SharedModule } from './config/shared.module.js';
import { HealthModule } from './health/health.module.js';
import { InvoicesModule } from './invoices/invoices.module.js';
import { JobsModule } from './jobs/jobs.module.js';

/** The web process: controllers, which enqueue. */
@Module({ imports: [SharedModule, HealthModule, ScalrQueueMetricsModule, JobsModule, InvoicesModule] })
export class AppModule {}
