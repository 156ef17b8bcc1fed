import { Module } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import { ScalrQueueMetricsModule } from 'scalr-queue';
import { logging } from './config/logging.js';
import { SharedModule } from './config/shared.module.js';
import { HealthModule } from './health/health.module.js';
import { InvoicesModule } from './invoices/invoices.module.js';
import { JobsModule } from './jobs/jobs.module.js';

/** The web process: controllers, which enqueue. */
@Module({
  imports: [
    LoggerModule.forRoot(logging),
    SharedModule,
    HealthModule,
    ScalrQueueMetricsModule,
    JobsModule,
    InvoicesModule,
  ],
})
export class AppModule {}
