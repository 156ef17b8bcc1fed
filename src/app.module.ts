import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import { ScalrQueueMetricsModule } from 'scalr-queue';
import { dashboard } from './config/dashboard.js';
import { logging } from './config/logging.js';
import { SharedModule } from './config/shared.module.js';
import { rememberCaller } from './context/caller.js';
import { HealthModule } from './health/health.module.js';
import { InvoicesModule } from './invoices/invoices.module.js';
import { JobsModule } from './jobs/jobs.module.js';
import { OrdersModule } from './orders/orders.module.js';
import { ReportsModule } from './reports/reports.module.js';
import { WebhooksModule } from './webhooks/webhooks.module.js';

/** The web process: controllers, which enqueue. */
@Module({
  imports: [
    LoggerModule.forRoot(logging),
    SharedModule,
    HealthModule,
    ScalrQueueMetricsModule,
    dashboard,
    JobsModule,
    InvoicesModule,
    WebhooksModule,
    ReportsModule,
    OrdersModule,
  ],
})
export class AppModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(rememberCaller).forRoutes('{*path}');
  }
}
