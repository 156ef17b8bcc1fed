import { Module } from '@nestjs/common';
import { MailModule } from '../mail/mail.module.js';
import { InvoiceProcessor } from './invoice.processor.js';

/** Invoices in the worker process. */
@Module({ imports: [MailModule], providers: [InvoiceProcessor] })
export class InvoicesWorkerModule {}
