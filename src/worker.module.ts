import { Module } from '@nestjs/common';
import { SharedModule } from './config/shared.module.js';
import { InvoicesWorkerModule } from './invoices/invoices.worker.module.js';

/** The worker process: processors, which run the jobs. */
@Module({ imports: [SharedModule, InvoicesWorkerModule] })
export class WorkerModule {}
