import { Module } from '@nestjs/common';
import { CleanupWorkerModule } from './cleanup/cleanup.worker.module.js';
import { SharedModule } from './config/shared.module.js';
import { InvoicesWorkerModule } from './invoices/invoices.worker.module.js';
import { OrdersWorkerModule } from './orders/orders.worker.module.js';
import { ReportsWorkerModule } from './reports/reports.worker.module.js';
import { WebhooksWorkerModule } from './webhooks/webhooks.worker.module.js';

/** The worker process: processors, which run the jobs. */
@Module({
  imports: [
    SharedModule,
    InvoicesWorkerModule,
    WebhooksWorkerModule,
    ReportsWorkerModule,
    OrdersWorkerModule,
    CleanupWorkerModule,
  ],
})
export class WorkerModule {}
