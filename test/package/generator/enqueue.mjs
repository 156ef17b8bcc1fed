// Runs in the root of the generated application: enqueues a job as its web process would, and waits for it.
import { NestFactory } from '@nestjs/core';
import { EnqueueService, JobsService } from 'scalr-queue';
import { AppModule } from './dist/app.module.js';
import { SendInvoice } from './dist/invoices/send-invoice.jobs.js';

const app = await NestFactory.createApplicationContext(AppModule);
const job = await app.get(EnqueueService).enqueue(SendInvoice, { id: '42' });
await app.get(JobsService).waitFor(job, { timeout: '20s' });
console.log(`state: ${(await app.get(JobsService).get(job.id))?.state}`);
await app.close();
